import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startTestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
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
import { startWorkerProcess } from '../support/worker-process.ts'

/** Changes the tree, then waits for a file named `go`. */
const waiting = (folder: string) =>
  sh(`echo half > file; touch ${folder}/begun; until [ -e ${folder}/go ]; do sleep 0.02; done`)

describe('a worker that drains', () => {
  it('takes no new job and lets the running one end', async () => {
    await using test = await startHubAndWorker()
    const { hub, worker } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))
    const drained = worker.drain()
    const next = await submitCommand(hub, await tempFolder(), { run: ['true'] })
    await writeFile(join(folder, 'go'), '')

    await drained

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(await untilJob(hub, next.id, { state: 'queued' })).toMatchObject({ attempt: 0 })
  })

  it('ends as a process when SIGTERM is followed by the end of its job', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const worker = await startWorkerProcess(hub, await tempFolder())
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))
    const exit = once(worker, 'exit')
    worker.kill('SIGTERM')
    await writeFile(join(folder, 'go'), '')

    expect(await exit).toEqual([0, null])
    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded' })
  })
})

describeNeeding(['patience'], 'a worker that drains for long', () => {
  it('renews its leases to the end', async () => {
    await using test = await startBehindGate({ leaseMs: 6000 })
    const { hub, gate, worker } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))
    const before = gate.seen.length
    const drained = worker.drain()
    const renewals = () => gate.seen.slice(before).filter(({ line }) => line.endsWith('/renew'))
    await expect.poll(() => renewals().length, { timeout: 20_000 }).toBeGreaterThan(2)
    expect(await hub.ledger.expire(10)).toBe(0)
    await writeFile(join(folder, 'go'), '')

    await drained

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 1 })
  })
})

describeNeeding(['patience'], 'a worker that is stopped', () => {
  it('ends everything at once and hands its jobs back', async () => {
    await using test = await startHubAndWorker()
    const { hub, worker } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, {
      run: sh(`trap '' INT TERM; touch ${folder}/begun; sleep 600; sleep 600`),
    })
    await untilExists(join(folder, 'begun'))
    const stoppedAt = performance.now()

    await worker.stop()

    expect(performance.now() - stoppedAt).toBeLessThan(2500)
    expect(runningFor({ id, attempt: 1 })).toEqual([])
    await untilJob(hub, id, { state: 'queued', reason: 'handed-back' })
  })

  it('does not wait for a hub that is silent, and says the rest at its next start', async () => {
    await using test = await startBehindGate()
    const { hub, gate, worker, folder: data } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))
    const silence = gate.hold(/hand-back/, 'request')
    const stoppedAt = performance.now()

    await worker.stop()

    expect(performance.now() - stoppedAt).toBeLessThan(3500)
    expect(runningFor({ id, attempt: 1 })).toEqual([])
    silence.drop()
    await using again = await startTestWorker(hub, { folder: data })
    await writeFile(join(folder, 'go'), '')
    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0 })
    expect(again.context.identity.id).toBe(test.context.identity.id)
  })
})

describeNeeding(['patience'], 'a worker that drains beside a job that takes too long', () => {
  it('hands a job back when it takes too long, with the patch so far and no failure', async () => {
    await using test = await startHubAndWorker({ drainMs: 50 })
    const { hub, worker } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))

    await worker.drain()

    expect(await untilJob(hub, id, { state: 'queued' })).toMatchObject({
      reason: 'handed-back',
      failures: 0,
      attempt: 1,
    })
    expect(runningFor({ id, attempt: 1 })).toEqual([])
    expect(await artifact(hub, { id, attempt: 1 }, 'change.patch')).toContain('+half')
  })
})
