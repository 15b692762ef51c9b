import { randomBytes } from 'node:crypto'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { commandDriver } from '../../src/agents/command.ts'
import type { Job } from '../../src/domain/job.ts'
import { codeKind } from '../../src/kinds/code/kind.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import type { WorkerContext } from '../../src/worker/context.ts'
import { workerIdentity } from '../../src/worker/identity.ts'
import { startWorker, type Worker } from '../../src/worker/worker.ts'
import { PATH } from './confined.ts'
import { TEST_VERSION, type TestHub } from './hub.ts'
import { gitSettings, makeRemote } from './repository.ts'

/** What all test workers have in common, with their data in this folder. */
export async function workerContext(
  folder: string,
  hub: { readonly url: string; readonly workerToken: string },
  change: Partial<WorkerContext> & { readonly slots?: number } = {},
): Promise<WorkerContext> {
  const { slots = 1, ...context } = change
  const facts: Parameters<typeof workerIdentity>[1] = {
    name: 'tester',
    version: TEST_VERSION,
    slots,
    kinds: ['code'],
    labels: [],
    sandbox: 'none',
  }
  const source = { clock: systemClock, random: randomBytes }
  const drivers = new Map([['command', commandDriver({ path: PATH })]])
  const git = gitSettings(folder)
  return {
    ...source,
    hub: new HubClient({ url: hub.url, token: hub.workerToken }),
    identity: await workerIdentity(folder, facts, source),
    folder,
    kinds: new Map([['code', codeKind({ drivers, git, path: PATH, clock: systemClock })]]),
    launchFor: (marker) => unconfined({ marker, log: silentLog }),
    openDoor: null,
    log: silentLog,
    leaseMs: 60_000,
    drainMs: 60_000,
    ...context,
  }
}

export type TestWorker = AsyncDisposable & {
  readonly worker: Worker
  readonly context: WorkerContext
  readonly folder: string
}

/** A real worker in this process, on a real hub; `await using` stops it and removes its folder. */
export async function startTestWorker(
  hub: TestHub,
  change: Parameters<typeof workerContext>[2] = {},
): Promise<TestWorker> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'millwright-worker-'))
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

/** Submits a job whose agent is a command, on a fresh repository in this folder unless one is named. */
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
  readonly limits?: Readonly<Record<string, number>>
  readonly retry?: Readonly<Record<string, number>>
}

/** A shell line as an agent. */
export const sh = (script: string): readonly [string, ...string[]] => ['sh', '-c', script]

/** Waits until a job looks like this. */
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

/** Waits until a job has ended, however it did. */
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
