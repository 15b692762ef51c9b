import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/domain/job.ts'
import { startGate } from '../support/gate.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { memberOf, runningFor } from '../support/processes.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  artifactNames,
  sh,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
  untilJob,
  untilSalvaged,
} from '../support/worker.ts'
import { killHard, startWorkerProcess } from '../support/worker-process.ts'
import { describeNeeding } from '../support/needs.ts'

/** The first time it changes the tree and hangs, the second time it does its work. */
const hangsOnce = (folder: string) =>
  sh(`if [ -e ${folder}/begun ]; then echo done > file; exit; fi
    echo half > file; touch ${folder}/begun; exec sleep 600`)

/** Time passes until every lease has run out. */
async function expireLeases(hub: TestHub, leaseMs = 60_000): Promise<void> {
  hub.clock.advance(leaseMs + 1)
  await hub.ledger.expire(10)
}

const typesOf = async (hub: TestHub, id: Job['id']): Promise<readonly string[]> => {
  const { events } = await hub.admin.call('listEvents', { params: { job: id } })
  return events.map(({ type }) => type)
}

describe('a worker that is killed in the middle of a job', () => {
  it('loses the job to another one, which ends it once', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const first = await startWorkerProcess(hub, await tempFolder())
    const { id } = await submitCommand(hub, '', {
      run: hangsOnce(folder),
      payload: { repository: remote, publish: { mode: 'branch', branch: 'work' } },
    })
    await untilExists(join(folder, 'begun'))
    await expect.poll(() => typesOf(hub, id)).toContain('agent-started')

    await killHard(first)
    await expireLeases(hub)
    await using second = await startTestWorker(hub)

    expect(await untilEnded(hub, id)).toMatchObject({
      state: 'succeeded',
      reason: 'published',
      attempt: 2,
      failures: 1,
    })
    expect(await byHand(remote, 'show', 'work:file')).toBe('done')
    expect(await byHand(remote, 'rev-list', '--count', 'main..work')).toBe('1')
    const types = await typesOf(hub, id)
    expect(types.filter((type) => type === 'ended')).toHaveLength(1)
    await expect.poll(() => second.worker.running).toBe(0)
  })

  it('leaves a branch that the next worker adopts instead of doing the work again', async () => {
    await using hub = await startTestHub()
    await using gate = await startGate(hub)
    const { remote } = await makeRemote(await tempFolder())
    const worker = await startWorkerProcess({ ...hub, url: gate.url }, await tempFolder())
    const settling = gate.hold(/POST .*\/settle$/, 'request')
    const { id } = await submitCommand(hub, '', {
      run: sh('date +%s%N > file'),
      payload: { repository: remote, publish: { mode: 'branch', branch: 'work' } },
    })
    await settling.here
    const tip = await byHand(remote, 'rev-parse', 'work')
    await killHard(worker)
    settling.drop()
    await expireLeases(hub)

    await using second = await startTestWorker(hub)

    const publication = { kind: 'branch', target: `${remote}#work`, revision: tip }
    expect(await untilEnded(hub, id)).toMatchObject({
      reason: 'published',
      attempt: 2,
      publication,
    })
    expect(await byHand(remote, 'rev-parse', 'work')).toBe(tip)
    const types = await typesOf(hub, id)
    expect(types.filter((type) => type === 'agent-started')).toHaveLength(1)
    await expect.poll(() => second.worker.running).toBe(0)
  })
})

describeNeeding(['patience'], 'a worker that was paused beyond its lease', () => {
  it('does nothing more, and the job ends once elsewhere', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const sleeper = await startWorkerProcess(hub, await tempFolder(), { leaseMs: 2000 })
    const { id } = await submitCommand(hub, '', {
      run: hangsOnce(folder),
      payload: { repository: remote, publish: { mode: 'branch', branch: 'work' } },
    })
    await untilExists(join(folder, 'begun'))
    sleeper.kill('SIGSTOP')
    const pausedAt = performance.now()

    await expireLeases(hub, 2000)
    await using second = await startTestWorker(hub)
    await untilEnded(hub, id)
    await expect.poll(() => second.worker.running).toBe(0)
    const tip = await byHand(remote, 'rev-parse', 'work')
    await expect.poll(() => performance.now() - pausedAt, { timeout: 5000 }).toBeGreaterThan(2000)
    sleeper.kill('SIGCONT')

    await untilSalvaged(hub, id)
    expect(runningFor({ id, attempt: 1 })).toEqual([])
    expect(await byHand(remote, 'rev-parse', 'work')).toBe(tip)
    expect((await typesOf(hub, id)).filter((type) => type === 'ended')).toHaveLength(1)
  })
})

describe('a hub that is away in the middle of a job', () => {
  it('finds the job ended when it is back', async () => {
    await using hub = await startTestHub()
    await using worker = await startTestWorker(hub)
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, {
      run: sh(
        `echo x > file; touch ${folder}/begun; until [ -e ${folder}/go ]; do sleep 0.02; done`,
      ),
    })
    await untilExists(join(folder, 'begun'))

    await hub.close()
    await byHand(folder, 'init', '-q', 'go')
    await hub.restart()

    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'patch-ready', attempt: 1 })
    expect(await artifactNames(hub, id)).toEqual(['change.patch', 'report.json'])
    await expect.poll(() => worker.worker.running).toBe(0)
  })
})

describeNeeding(['patience'], 'a worker that is killed, at its next start', () => {
  it('ends at its next start what its guard could not, and hands in its work', async () => {
    await using hub = await startTestHub()
    const [folder, data] = [await tempFolder(), await tempFolder()]
    const worker = await startWorkerProcess(hub, data)
    const { id } = await submitCommand(hub, folder, { run: hangsOnce(folder) })
    await untilExists(join(folder, 'begun'))
    const guard = memberOf(worker.pid, 'guard/main')
    process.kill(guard, 'SIGSTOP')
    await killHard(worker)
    process.kill(guard, 'SIGKILL')
    expect(runningFor({ id, attempt: 1 })).not.toEqual([])
    await expireLeases(hub)

    await using again = await startTestWorker(hub, { folder: data })

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(runningFor({ id, attempt: 1 })).toEqual([])
    await expect.poll(() => readdir(join(again.folder, 'attempts'))).toEqual([])
    expect(await artifact(hub, { id, attempt: 1 }, 'salvage.change.patch')).toContain('+half')
  })

  it('brings its last report after the fact, word for word', async () => {
    await using hub = await startTestHub()
    await using gate = await startGate(hub)
    const data = await tempFolder()
    const worker = await startWorkerProcess({ ...hub, url: gate.url }, data)
    const settling = gate.hold(/POST .*\/settle$/, 'request')
    const { id } = await submitCommand(hub, await tempFolder(), { run: sh('echo x > file') })
    await settling.here
    await killHard(worker)
    settling.drop()
    expect(await readdir(join(data, 'reports'))).toHaveLength(1)
    await untilJob(hub, id, { state: 'running' })

    await using again = await startTestWorker(hub, { folder: data })

    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'patch-ready', attempt: 1 })
    expect(await artifactNames(hub, id)).toEqual(['change.patch', 'report.json'])
    await expect.poll(() => readdir(join(again.folder, 'reports'))).toEqual([])
    await expect.poll(() => readdir(join(again.folder, 'attempts'))).toEqual([])
  })

  it('says again what the hub has already heard, and nothing changes', async () => {
    await using hub = await startTestHub()
    await using gate = await startGate(hub)
    const data = await tempFolder()
    const worker = await startWorkerProcess({ ...hub, url: gate.url }, data)
    const settled = gate.hold(/POST .*\/settle$/, 'answer')
    const { id } = await submitCommand(hub, await tempFolder(), { run: sh('echo x > file') })
    await settled.here
    const before = await untilEnded(hub, id)
    const names = await artifactNames(hub, id)
    await killHard(worker)
    settled.drop()

    await using again = await startTestWorker(hub, { folder: data })

    await expect.poll(() => readdir(join(again.folder, 'reports'))).toEqual([])
    await expect.poll(() => readdir(join(again.folder, 'attempts'))).toEqual([])
    expect(await untilEnded(hub, id)).toEqual(before)
    expect(await artifactNames(hub, id)).toEqual(names)
  })
})
