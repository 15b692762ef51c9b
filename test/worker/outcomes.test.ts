import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shortId } from '../../src/domain/id.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  artifactNames,
  sh,
  startHubAndWorker,
  submitCommand,
  untilEnded,
} from '../support/worker.ts'
import { describeNeeding } from '../support/needs.ts'

describe('a job', () => {
  it('becomes a patch that is kept with the log and a report', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh('echo more >> README.md; echo done'),
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({
      state: 'succeeded',
      reason: 'patch-ready',
      detail: '1 file changed, +1 -0',
      publication: null,
      attempt: 1,
      failures: 0,
    })
    expect(await artifactNames(hub, id)).toEqual([
      'agent-output.log',
      'change.patch',
      'report.json',
    ])
    expect(await artifact(hub, job, 'change.patch')).toContain('\n+more\n')
    expect(await artifact(hub, job, 'agent-output.log')).toBe('done\n')
    expect(JSON.parse(await artifact(hub, job, 'report.json'))).toMatchObject({
      jobId: id,
      outcome: { kind: 'succeeded', reason: 'patch-ready' },
      artifacts: ['change.patch', 'agent-output.log'],
    })
    await expect.poll(() => test.worker.running).toBe(0)
  })

  it('becomes a branch with one commit that names the job', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { remote, commit } = await makeRemote(await tempFolder())
    const { id } = await submitCommand(hub, '', {
      run: sh('echo more >> README.md'),
      payload: { repository: remote, publish: { mode: 'branch' } },
    })

    const job = await untilEnded(hub, id)

    const branch = `millwright/${shortId(id)}`
    const tip = await byHand(remote, 'rev-parse', branch)
    expect(job).toMatchObject({
      state: 'succeeded',
      reason: 'published',
      publication: { kind: 'branch', target: `${remote}#${branch}`, revision: tip },
    })
    expect(await byHand(remote, 'rev-parse', `${branch}^`)).toBe(commit)
    expect(await byHand(remote, 'show', `${branch}:README.md`)).toBe('hello\nmore')
    expect(await byHand(remote, 'log', '-1', '--format=%B', branch)).toContain(`Job-Id: ${id}`)
  })

  it('tells every step, note and check in the order in which they happened', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { remote } = await makeRemote(await tempFolder())
    const { id } = await submitCommand(hub, '', {
      run: fakeAgent({ do: 'nest-repository', path: 'inner' }),
      payload: {
        repository: remote,
        checks: [{ name: 'there', run: ['test', '-d', 'inner'] }],
        publish: { mode: 'branch' },
      },
    })

    await untilEnded(hub, id)

    const { events } = await hub.admin.call('listEvents', { params: { job: id } })
    const told = events.map((event) =>
      'step' in event ? `${event.type} ${event.step}` : event.type,
    )
    expect(told).toEqual([
      'submitted',
      'claimed',
      'step-started workspace',
      'step-finished workspace',
      'base',
      'step-started agent',
      'agent-started',
      'step-finished agent',
      'step-started diff',
      'note',
      'change',
      'step-finished diff',
      'checkpoint',
      'step-started checks',
      'check-finished',
      'step-finished checks',
      'step-started publish',
      'publication-intended',
      'published',
      'step-finished publish',
      'ended',
    ])
  })

  it('succeeds without a change when the agent found nothing to do', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), { run: ['true'] })

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', reason: 'no-change' })
  })

  it('fails when the agent fails and has changed nothing', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh('exit 7'),
      retry: { maxFailures: 1 },
    })

    expect(await untilEnded(hub, id)).toMatchObject({
      state: 'failed',
      reason: 'agent-failed',
      detail: expect.stringContaining('exited with code 7'),
    })
  })

  it('fails when the agent fails and no check says otherwise; what it changed is kept', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh('echo half > file; exit 7'),
      retry: { maxFailures: 1 },
    })

    const job = await untilEnded(hub, id)
    expect(job).toMatchObject({ state: 'failed', reason: 'agent-failed', publication: null })
    expect(await artifact(hub, job, 'change.patch')).toContain('+half')
  })

  it('is judged by its checks, not by the agent’s exit code', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh('echo more >> README.md; exit 7'),
      payload: { checks: [{ name: 'grown', run: ['grep', '-q', 'more', 'README.md'] }] },
    })

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', reason: 'patch-ready' })
  })

  it('publishes nothing when a check fails, shows what every check said, and keeps the patch', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { remote } = await makeRemote(await tempFolder())
    const { id } = await submitCommand(hub, '', {
      run: sh('echo more >> README.md'),
      payload: {
        repository: remote,
        publish: { mode: 'branch' },
        checks: [
          { name: 'good', run: sh('echo fine') },
          { name: 'bad', run: sh('echo broken; exit 1') },
          { name: 'worse', run: sh('echo shattered >&2; exit 2') },
        ],
      },
      retry: { maxFailures: 1 },
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'failed', reason: 'check-failed', publication: null })
    expect(job.detail).toMatch(/check "bad" failed:\nbroken[^]*check "worse" failed:\nshattered/)
    expect(await byHand(remote, 'branch', '--list')).toBe('* main')
    expect(await artifact(hub, job, 'change.patch')).toContain('\n+more\n')
    expect(await artifact(hub, job, 'checks.log')).toMatch(/fine[^]*broken[^]*shattered/)
  })

  it('leaves nothing on the worker when it has ended', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), { run: sh('echo x > file') })

    await untilEnded(hub, id)

    const left = async () => [
      ...(await readdir(join(test.folder, 'attempts'))),
      ...(await readdir(join(test.folder, 'reports'))),
    ]
    await expect.poll(left).toEqual([])
  })
})

describeNeeding(['patience'], 'a job whose attempt failed', () => {
  it('is tried again after a failure that may pass, and each attempt keeps its own work', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, {
      run: sh(`[ -e ${folder}/again ] && echo two > file || { touch ${folder}/again; exit 1; }`),
    })

    expect(await untilEnded(hub, id)).toMatchObject({
      state: 'succeeded',
      reason: 'patch-ready',
      attempt: 2,
      failures: 1,
    })
  })
})
