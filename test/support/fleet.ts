// Two hubs on one PostgreSQL behind one address, workers, and a remote that records every push.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { differences } from '../../src/doctor/ledger.ts'
import { isAppError } from '../../src/domain/errors.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { freePort } from './free-port.ts'
import { keepDoor } from './door-keeper.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { byHand, makeRemote } from './repository.ts'

/** The program of this tree. */
export const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'millwright.js')
const LEASE_MS = 3000
const KEYS = ['site:a', 'site:b', 'site:c', 'site:d', 'site:e', 'site:f', 'site:g', 'site:h']

/** The result of a run; every count except the first two should be 0. */
export type Judgement = {
  readonly succeeded: number
  readonly branches: number
  readonly takenOver: number
  readonly pushedTwice: number
  readonly overlaps: number
  readonly differences: number
}

/** A process of the fleet. */
export type Daemon = {
  kill(): void
  /** Asks it to end and waits until it has ended. */
  stop(): Promise<void>
}

export type Fleet = AsyncDisposable & {
  readonly postgres: PostgresServer
  /** Starts a hub, or replaces it with another version on the same port. */
  startHub(place: 'one' | 'two', program?: string): Promise<Daemon>
  startWorker(name: string, program?: string): Daemon
  /** Jobs with overlapping locks, each of which pushes a branch. */
  submit(jobs: number): Promise<void>
  /** Waits until this many jobs have ended. */
  untilEnded(jobs: number): Promise<void>
  judge(): Promise<Judgement>
}

/** @param folder empty; keeps all files afterwards, for inspection */
export async function openFleet(folder: string): Promise<Fleet> {
  await using opening = new AsyncDisposableStack()
  const postgres = await startPostgres()
  opening.defer(() => postgres.stop())
  const database = await postgres.makeSchema()
  const remote = await makeWatchedRemote(folder)
  const ports = { one: await freePort(), two: await freePort() }
  const door = opening.use(await keepDoor([ports.one, ports.two]))
  const daemons: ChildProcess[] = []
  const known = (process: ChildProcess): Daemon => {
    daemons.push(process)
    return { kill: () => process.kill('SIGKILL'), stop: () => end(process, 'SIGTERM') }
  }
  opening.defer(async () => {
    await Promise.all(daemons.map((process) => end(process, 'SIGKILL')))
  })
  const admin = async (): Promise<HubClient> => adminAt(folder, door.url)
  const open = opening.move()
  return {
    postgres,
    startHub: async (place, program = PROGRAM) => {
      const shared = ['--database', database, '--store', join(folder, 'store')]
      const at = ['--port', String(ports[place]), '--data', join(folder, place)]
      const process = start(folder, program, ['hub', ...at, ...shared])
      await untilPrinted(process, /hub on http/)
      const token = await readFile(join(folder, place, 'worker.token'), 'utf8')
      if (place === 'one') await writeFile(join(folder, 'worker.token'), token, { mode: 0o600 })
      return known(process)
    },
    startWorker: (name, program = PROGRAM) => {
      const hub = ['--hub', door.url, '--token-file', join(folder, 'worker.token')]
      const ways = ['--sandbox', 'none', '--allow-local', '--slots', '3', '--name', name]
      const own = ['--lease-ms', String(LEASE_MS), '--data', join(folder, `worker-${name}`)]
      return known(start(folder, program, ['worker', ...hub, ...ways, ...own]))
    },
    submit: async (jobs) => {
      for (let job = 0; job < jobs; job += 1) await submit(await admin(), job, { folder, remote })
    },
    untilEnded: async (jobs) => untilEnded(await admin(), jobs),
    judge: async () => judge(await admin(), { folder, remote }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** The first matching line that a process prints. */
export async function untilPrinted(process: ChildProcess, words: RegExp): Promise<string> {
  if (process.stdout === null) throw new Error('nobody listens')
  const lines = createInterface(process.stdout)
  for await (const line of lines) if (words.test(line)) return line
  throw new Error('the hub did not start')
}

/** A bare repository that records every push. */
async function makeWatchedRemote(folder: string): Promise<string> {
  const { remote } = await makeRemote(join(folder, 'git'))
  const hook = join(remote, 'hooks', 'post-receive')
  await writeFile(
    hook,
    `#!/bin/sh\nwhile read old new ref; do echo "$ref" >> ${folder}/pushes; done\n`,
  )
  await chmod(hook, 0o755)
  return remote
}

/** An agent that holds a lock of the operating system for each lock key while it works. */
const agent = (folder: string, keys: readonly string[]): readonly [string, ...string[]] => {
  const locks = keys.map(
    (key, index) =>
      `exec ${index + 3}>${folder}/${key}; flock -n ${index + 3} || echo ${key} >> ${folder}/overlaps`,
  )
  return ['bash', '-c', [...locks, 'sleep 0.05', 'echo "$MILLWRIGHT_ATTEMPT" > work'].join('; ')]
}

async function submit(
  admin: HubClient,
  job: number,
  { folder, remote }: { folder: string; remote: string },
): Promise<void> {
  const locks = keysOf(job)
  await patiently(() =>
    admin.call('submitJob', {
      body: {
        kind: 'code',
        payload: {
          repository: remote,
          prompt: `job ${job}`,
          agent: { name: 'command', run: [...agent(folder, locks)] },
          publish: { mode: 'branch', branch: `job-${job}` },
        },
        locks: [...locks],
        idempotencyKey: `job ${job}`,
      },
    }),
  )
}

/** About one key in six, another choice for each job. */
const keysOf = (job: number): readonly string[] =>
  KEYS.filter((_, index) => (Math.imul(job + 1, 0x9e3779b1 + index * 0x85ebca6b) >>> 16) % 6 === 0)

async function untilEnded(admin: HubClient, count: number): Promise<void> {
  for (;;) {
    const text = await patiently(async () => (await admin.call('metrics', {})).text())
    const ended = [...text.matchAll(/^millwright_jobs\{[^}]*state="(\w+)"\} (\d+)$/gm)]
      .filter(([, state]) => ['succeeded', 'failed', 'cancelled'].includes(state ?? ''))
      .reduce((sum, [, , jobs]) => sum + Number(jobs), 0)
    if (ended >= count) return
    await pause(200)
  }
}

/** Retries, because hubs and the database restart during the run. */
async function patiently<Value>(call: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!isAppError(error) || !error.retryable) throw error
      await pause(100)
    }
  }
}

async function judge(
  admin: HubClient,
  { folder, remote }: { folder: string; remote: string },
): Promise<Judgement> {
  let [succeeded, takenOver] = [0, 0]
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page: { jobs: readonly { state: string; attempt: number }[]; next: string | null } =
      await patiently(() =>
        admin.call('listJobs', { query: { limit: 200, ...(cursor === null ? {} : { cursor }) } }),
      )
    succeeded += page.jobs.filter(({ state }) => state === 'succeeded').length
    takenOver += page.jobs.filter(({ attempt }) => attempt > 1).length
    cursor = page.next
  }
  const pushes = await lines(join(folder, 'pushes'))
  return {
    succeeded,
    takenOver,
    branches: (await byHand(remote, 'branch', '--list', 'job-*')).split('\n').length,
    pushedTwice: pushes.length - new Set(pushes).size,
    overlaps: (await lines(join(folder, 'overlaps'))).length,
    differences: await patiently(() => countDifferences(admin)),
  }
}

async function countDifferences(admin: HubClient): Promise<number> {
  let count = 0
  for await (const { found } of differences(admin)) if (found !== null) count += 1
  return count
}

const lines = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

const start = (folder: string, program: string, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  })

async function end(daemon: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const exited = once(daemon, 'exit')
  daemon.kill(signal)
  await exited
}

async function adminAt(folder: string, url: string): Promise<HubClient> {
  const token = (await readFile(join(folder, 'one', 'admin.token'), 'utf8')).trim()
  return new HubClient({ url, token })
}
