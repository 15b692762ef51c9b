import { existsSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Job } from '../../src/domain/job.ts'
import type { WorkerContext } from '../../src/worker/context.ts'
import { startWorker, type Worker } from '../../src/worker/worker.ts'
import { type Gate, startGate } from './gate.ts'
import { startTestHub, type TestHub } from './hub.ts'
import { makeRemote } from './repository.ts'
import { type WorkerChange, workerContext } from './worker-context.ts'

export type TestWorker = AsyncDisposable & {
  readonly worker: Worker
  readonly context: WorkerContext
  readonly folder: string
}

/** A real worker in this process, on a real hub; `await using` stops it and removes its folder. */
export async function startTestWorker(
  hub: { readonly url: string; readonly workerToken: string },
  { folder: given, ...change }: WorkerChange = {},
): Promise<TestWorker> {
  const folder = given ?? (await mkdtemp(join(await realpath(tmpdir()), 'millwright-worker-')))
  const context = await workerContext(folder, hub, change)
  const worker = startWorker(context)
  return {
    worker,
    context,
    folder,
    [Symbol.asyncDispose]: async () => {
      await worker.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A hub and a worker of its own, for one test. */
export async function startHubAndWorker(
  change: WorkerChange = {},
): Promise<TestWorker & { readonly hub: TestHub }> {
  await using opening = new AsyncDisposableStack()
  const hub = opening.use(await startTestHub())
  const worker = opening.use(await startTestWorker(hub, change))
  const open = opening.move()
  return { ...worker, hub, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** A hub, a worker, and a gate between the two. */
export async function startBehindGate(
  change: WorkerChange = {},
): Promise<TestWorker & { readonly hub: TestHub; readonly gate: Gate }> {
  await using opening = new AsyncDisposableStack()
  const hub = opening.use(await startTestHub())
  const gate = opening.use(await startGate(hub))
  const worker = opening.use(await startTestWorker({ ...hub, url: gate.url }, change))
  const open = opening.move()
  return { ...worker, hub, gate, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** Submits a job whose agent is a command; by default on a new repository in this folder. */
export async function submitCommand(
  hub: TestHub,
  folder: string,
  { run, payload = {}, ...rest }: CommandJob,
): Promise<Job> {
  const repository = payload['repository'] ?? (await makeRemote(folder)).remote
  const agent = { name: 'command', run }
  const body = {
    kind: 'code',
    ...rest,
    payload: { repository, prompt: 'do it', agent, ...payload },
  }
  return await hub.admin.call('submitJob', { body })
}

type CommandJob = {
  readonly run: readonly [string, ...string[]]
  readonly payload?: Readonly<Record<string, unknown>>
  readonly inputs?: { name: string; digest: string }[]
  readonly limits?: Readonly<Record<string, number>>
  readonly retry?: Readonly<Record<string, number>>
}

/** A shell line as an agent. */
export const sh = (script: string): readonly [string, ...string[]] => ['sh', '-c', script]

/** Waits until a job matches. */
export async function untilJob(
  hub: TestHub,
  id: Job['id'],
  wanted: Partial<Job>,
  timeout = 15_000,
): Promise<Job> {
  const look = () => hub.admin.call('getJob', { params: { job: id } })
  await expect.poll(look, { timeout, interval: 20 }).toMatchObject(wanted)
  return await look()
}

/**
 * Lets the lease of a killed worker expire. A renewal in flight may still arrive, so the clock
 * advances until the attempt has ended.
 */
export async function loseWorker(hub: TestHub): Promise<void> {
  const expire = async (): Promise<number> => {
    hub.clock.advance(60_001)
    return hub.ledger.expire(10)
  }
  await expect.poll(expire).toBe(1)
}

/** Waits until a job has ended, in any state. */
export async function untilEnded(hub: TestHub, id: Job['id'], timeout = 15_000): Promise<Job> {
  const look = () => hub.admin.call('getJob', { params: { job: id } })
  await expect.poll(async () => (await look()).endedAt, { timeout, interval: 20 }).not.toBeNull()
  return await look()
}

/** The text of one artifact of a job. */
export async function artifact(
  hub: TestHub,
  job: { readonly id: Job['id']; readonly attempt: number },
  name: string,
): Promise<string> {
  const params = { job: job.id, attempt: job.attempt, name }
  return await (await hub.admin.call('getArtifact', { params })).text()
}

/** Names of all artifacts of a job, in order. */
export async function artifactNames(hub: TestHub, id: Job['id']): Promise<readonly string[]> {
  const { artifacts } = await hub.admin.call('listArtifacts', { params: { job: id } })
  return artifacts.map(({ name }) => name).toSorted()
}

/** Waits until the patch of an attempt that was lost is on the hub. */
export async function untilSalvaged(hub: TestHub, id: Job['id']): Promise<void> {
  const look = { timeout: 15_000, interval: 20 }
  await expect.poll(() => artifactNames(hub, id), look).toContain('salvage.change.patch')
}

export async function untilExists(file: string): Promise<void> {
  await expect.poll(() => existsSync(file), { timeout: 10_000, interval: 10 }).toBe(true)
}
