// What a worker does that has lost its lease, or must not lose it: busy, paused, or cut off.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startGate } from '../support/gate.ts'
import { startHalfOpen } from '../support/half-open.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { runningFor } from '../support/processes.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  sh,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
  untilJob,
  untilSalvaged,
} from '../support/worker.ts'
import { startWorkerProcess } from '../support/worker-process.ts'

/** A worker whose main thread computes for `busyMs`; the files in the folder tell how far it has come. */
async function startBusyWorker(
  hub: { readonly url: string; readonly workerToken: string },
  times: { readonly leaseMs: number; readonly busyMs: number },
): Promise<string> {
  const marks = await tempFolder()
  await startWorkerProcess(hub, await tempFolder(), {
    leaseMs: times.leaseMs,
    program: fileURLToPath(new URL('busy-worker.ts', import.meta.url)),
    args: [String(times.busyMs), marks],
  })
  return marks
}

/** A remote that writes down every push. */
async function aRemote(): Promise<{ remote: string; pushes: () => Promise<number> }> {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder)
  const log = join(folder, 'pushes')
  await writeFile(log, '')
  const hook = join(remote, 'hooks', 'pre-receive')
  await writeFile(hook, `#!/bin/sh\ncat >> ${log}\n`)
  await chmod(hook, 0o755)
  const pushes = async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean).length
  return { remote, pushes }
}

const passed = async (from: number, ms: number): Promise<void> => {
  const look = () => performance.now() - from
  await expect.poll(look, { timeout: ms + 5000 }).toBeGreaterThan(ms)
}

const eventsOf = async (hub: TestHub, id: Parameters<typeof untilJob>[1]) =>
  (await hub.admin.call('listEvents', { params: { job: id } })).events

describeNeeding(['linux', 'patience'], 'a worker that computes for two leases', () => {
  it('keeps its lease', async () => {
    await using hub = await startTestHub()
    const leaseMs = 3000
    const marks = await startBusyWorker(hub, { leaseMs, busyMs: 2 * leaseMs })
    const { id } = await submitCommand(hub, await tempFolder(), { run: ['true'] })
    await untilExists(join(marks, `${id}-1.begun`))
    const sweep = async () => {
      await hub.ledger.expire(10)
      return existsSync(join(marks, `${id}-1.effect`))
    }

    await expect.poll(sweep, { timeout: 10_000 }).toBe(true)

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 1, failures: 0 })
  })

  it('has its processes ended when the lease is lost, and does nothing more', async () => {
    await using hub = await startTestHub()
    await using way = await startHalfOpen(hub)
    const leaseMs = 3000
    const busy = { leaseMs, busyMs: 3 * leaseMs }
    const marks = await startBusyWorker({ ...hub, url: way.url }, busy)
    const { id } = await submitCommand(hub, await tempFolder(), { run: ['true'] })
    await untilExists(join(marks, `${id}-1.begun`))
    const begunAt = performance.now()
    expect(runningFor({ id, attempt: 1 })).not.toEqual([])

    way.fallSilent()

    await expect.poll(() => runningFor({ id, attempt: 1 }), { timeout: leaseMs }).toEqual([])
    expect(performance.now() - begunAt).toBeLessThan(busy.busyMs)
    await passed(begunAt, busy.busyMs)
    way.heal()
    hub.clock.advance(leaseMs)
    await hub.ledger.expire(10)
    await untilExists(join(marks, `${id}-2.begun`))
    expect(existsSync(join(marks, `${id}-1.effect`))).toBe(false)
  })
})

describeNeeding(
  ['linux', 'patience'],
  'a worker on a machine whose processors are all busy',
  () => {
    it('renews late by less than a quarter of the lease', async () => {
      await using hub = await startTestHub()
      await using gate = await startGate(hub)
      const [folder, leaseMs] = [await tempFolder(), 5000]
      await startWorkerProcess({ ...hub, url: gate.url }, await tempFolder(), { leaseMs })
      const { id } = await submitCommand(hub, folder, {
        run: sh(`touch ${folder}/begun; until [ -e ${folder}/go ]; do sleep 0.1; done`),
      })
      await untilExists(join(folder, 'begun'))
      using _ = keepProcessorsBusy()
      const before = gate.seen.length
      const renewals = () => gate.seen.slice(before).filter(({ line }) => line.endsWith('/renew'))
      await expect.poll(() => renewals().length, { timeout: 3 * leaseMs }).toBeGreaterThan(4)
      await writeFile(join(folder, 'go'), '')

      const times = renewals().map(({ at }) => at)
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0))
      const lateMs = Math.max(...gaps) - leaseMs / 4
      console.log(`busy processors, lease ${leaseMs} ms: at most ${lateMs.toFixed(0)} ms late`)
      expect(lateMs).toBeLessThan(leaseMs / 4)
      expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 1 })
    })
  },
)

/** A process for each processor that does nothing but compute, until it is disposed of. */
function keepProcessorsBusy(): Disposable {
  const children = Array.from({ length: availableParallelism() }, () =>
    spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
  )
  return {
    [Symbol.dispose]: () => {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

describeNeeding(['linux', 'patience'], 'a worker that is stopped just before its push', () => {
  it('does not push once its job has gone elsewhere', async () => {
    await using hub = await startTestHub()
    await using gate = await startGate(hub)
    const { remote, pushes } = await aRemote()
    const leaseMs = 3000
    const way = { ...hub, url: gate.url }
    const sleeper = await startWorkerProcess(way, await tempFolder(), { leaseMs })
    const intent = gate.hold(/POST .*\/publication$/, 'answer')
    const { id } = await submitCommand(hub, '', {
      run: sh('echo x > file'),
      payload: { repository: remote, publish: { mode: 'branch', branch: 'work' } },
    })
    await intent.here
    const stoppedAt = await stop(sleeper)
    intent.release()
    hub.clock.advance(leaseMs + 1)
    await hub.ledger.expire(10)
    await using second = await startTestWorker(hub)
    const ended = await untilEnded(hub, id)
    expect(ended).toMatchObject({ state: 'succeeded', reason: 'published', attempt: 2 })
    await expect.poll(() => second.worker.running).toBe(0)
    const [tip, events] = [await byHand(remote, 'rev-parse', 'work'), await eventsOf(hub, id)]
    await passed(stoppedAt, leaseMs)

    sleeper.kill('SIGCONT')

    await untilSalvaged(hub, id)
    expect(await pushes()).toBe(1)
    expect(await byHand(remote, 'rev-parse', 'work')).toBe(tip)
    expect(await eventsOf(hub, id)).toEqual(events)
    expect(runningFor({ id, attempt: 1 })).toEqual([])
  })
})

describeNeeding(['linux', 'patience'], 'a hub that accepts and never answers', () => {
  it('finds the processes dead at three quarters of the lease, and nothing done after that', async () => {
    await using hub = await startTestHub()
    await using way = await startHalfOpen(hub)
    const { remote, pushes } = await aRemote()
    const [folder, leaseMs] = [await tempFolder(), 4000]
    await startWorkerProcess({ ...hub, url: way.url }, await tempFolder(), { leaseMs })
    // A daemon outlives its parent's end; the agent would be done before the lease is.
    const { id } = await submitCommand(hub, '', {
      run: sh(
        `echo x > file; setsid -f sleep 600; touch ${folder}/begun
         until [ -e ${folder}/go ]; do sleep 0.02; done`,
      ),
      payload: { repository: remote, publish: { mode: 'branch', branch: 'work' } },
    })
    await untilExists(join(folder, 'begun'))
    await expect.poll(async () => (await eventsOf(hub, id)).at(-1)?.type).toBe('agent-started')
    expect(runningFor({ id, attempt: 1 }).length).toBeGreaterThanOrEqual(2)

    way.fallSilent()
    const silentAt = performance.now()
    const look = { timeout: leaseMs, interval: 20 }
    await expect.poll(() => runningFor({ id, attempt: 1 }), look).toEqual([])

    // The last renewal was sent up to a quarter earlier.
    const diedAfterMs = performance.now() - silentAt
    console.log(`cut off, lease ${leaseMs} ms: dead after ${diedAfterMs.toFixed(0)} ms`)
    expect(diedAfterMs).toBeGreaterThan(0.4 * leaseMs)
    expect(diedAfterMs).toBeLessThan(0.75 * leaseMs + 900)
    const before = await eventsOf(hub, id)
    await writeFile(join(folder, 'go'), '')
    way.heal()
    await untilSalvaged(hub, id)
    expect(await pushes()).toBe(0)
    // The salvaged work is a checkpoint for the next attempt; the attempt itself reports nothing.
    const after = await eventsOf(hub, id)
    expect(after.filter(({ type }) => type !== 'checkpoint')).toEqual(before)
    expect(await untilJob(hub, id, { state: 'running' })).toMatchObject({ attempt: 1 })
  })
})

async function stop(worker: ChildProcess): Promise<number> {
  worker.kill('SIGSTOP')
  const state = async () => (await readFile(`/proc/${worker.pid}/stat`, 'utf8')).split(') ')[1]?.[0]
  await expect.poll(state).toBe('T')
  return performance.now()
}
