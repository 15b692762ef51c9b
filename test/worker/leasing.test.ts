import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { workerIdentity } from '../../src/worker/identity.ts'
import { describeNeeding } from '../support/needs.ts'
import { testSandbox } from '../support/confined.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import { startTestHub } from '../support/hub.ts'
import { runningFor } from '../support/processes.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  sh,
  startBehindGate,
  startHubAndWorker,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
  untilJob,
} from '../support/worker.ts'

describe('a worker', () => {
  it('asks the same again when the answer to its question was lost, and gets the same lease', async () => {
    await using test = await startBehindGate()
    const { hub, gate } = test
    const claim = gate.hold(/POST \/api\/v1\/leases$/, 'answer')
    const { id } = await submitCommand(hub, await tempFolder(), { run: ['true'] })
    await claim.here
    await untilJob(hub, id, { state: 'running', attempt: 1 })

    claim.drop()

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 1 })
  })

  it('runs as many jobs at a time as it has slots, and the next when one ends', async () => {
    await using test = await startHubAndWorker({ slots: 2 })
    const { hub, worker } = test
    const folder = await tempFolder()
    const meets = (me: string, other: string) =>
      sh(`touch ${folder}/${me}; until [ -e ${folder}/${other} ]; do sleep 0.02; done`)
    const jobs = await Promise.all([
      submitCommand(hub, join(folder, 'a'), { run: meets('one', 'two') }),
      submitCommand(hub, join(folder, 'b'), { run: meets('two', 'one') }),
      submitCommand(hub, join(folder, 'c'), { run: ['true'] }),
    ])

    const ended = await Promise.all(jobs.map(({ id }) => untilEnded(hub, id)))

    expect(ended.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    await expect.poll(() => worker.running).toBe(0)
  })

  it('ends with the refusal when its token is not a worker’s', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const stranger = { url: hub.url, workerToken: hub.adminToken }

    const { worker } = await startTestWorker(stranger, { folder })

    await expect(worker.done).rejects.toMatchObject({ code: 'scope-missing' })
  })

  it('is the same worker after a restart, with a new boot', async () => {
    const folder = await tempFolder()
    const facts: Parameters<typeof workerIdentity>[1] = {
      name: 'w',
      version: '1',
      slots: 1,
      kinds: ['code'],
      labels: [],
      offers: [],
      sandbox: 'none',
    }
    const source = { clock: systemClock, random: randomBytes }
    const first = await workerIdentity(folder, facts, source)
    const second = await workerIdentity(folder, facts, source)

    expect(second.id).toBe(first.id)
    expect(second.bootId).not.toBe(first.bootId)
  })
})

describeNeeding(['bubblewrap', 'patience'], 'a confined job', () => {
  it('sees its workspace and nothing of the worker, and its work is kept', async () => {
    await using test = await startHubAndWorker({ launchFor: (marker) => testSandbox({ marker }) })
    const { hub, folder: data } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh(`ls ${data} > seen 2>&1; git log --format=%s >> seen; git status --short >> seen`),
      payload: { checks: [{ name: 'seen', run: ['grep', '-q', 'Work by hand', 'seen'] }] },
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ state: 'succeeded' })
    const patch = await artifact(hub, job, 'change.patch')
    expect(patch).toContain('+Work by hand')
    expect(patch).not.toContain('worker.json')
    expect(patch).not.toContain('reports')
  })

  it('is gone within 5 s of a cancel, whatever its agent started', async () => {
    await using test = await startHubAndWorker({ launchFor: (marker) => testSandbox({ marker }) })
    const { hub, folder: data } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: fakeAgent(
        { do: 'ignore-signals' },
        { do: 'start-daemon' },
        { do: 'write', path: 'half.txt', text: 'half\n' },
        { do: 'hang' },
      ),
    })
    await untilExists(join(data, 'attempts', `${id}-1`, 'tree', 'half.txt'))

    const cancelledAt = performance.now()
    await hub.admin.call('cancelJob', { params: { job: id } })
    const job = await untilEnded(hub, id)

    expect(performance.now() - cancelledAt).toBeLessThan(5000)
    expect(job).toMatchObject({ state: 'cancelled' })
    expect(runningFor(job)).toEqual([])
    expect(await artifact(hub, job, 'change.patch')).toContain('+half')
  })
})
