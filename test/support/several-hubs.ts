// A day of many machines in a minute: two hubs on one PostgreSQL, four workers, jobs with
// overlapping locks; a worker and a hub are killed and the database crashes on the way.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { differences } from '../../src/cli/doctor/ledger.ts'
import { isAppError } from '../../src/domain/errors.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { keepDoor } from './door-keeper.ts'
import { startPostgres } from './postgres-server.ts'
import { byHand, makeRemote } from './repository.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'millwright.js')
const LEASE_MS = 3000
const KEYS = ['site:a', 'site:b', 'site:c', 'site:d', 'site:e', 'site:f', 'site:g', 'site:h']

/** What came out of it; every count but the first should be what was submitted, or 0. */
export type Report = {
  readonly jobs: number
  readonly succeeded: number
  readonly takenOver: number
  readonly branches: number
  readonly pushedTwice: number
  readonly overlaps: number
  readonly differences: number
  readonly seconds: number
}

/** @param folder empty; everything lies there afterwards, to be looked at */
export async function runSeveralHubs(folder: string, jobs: number): Promise<Report> {
  const began = performance.now()
  const postgres = await startPostgres()
  await using ending = new AsyncDisposableStack()
  ending.defer(() => postgres.stop())
  const database = await postgres.makeSchema()
  const remote = await makeWatchedRemote(folder)
  const hubs = [await startHub(folder, 'one', database), await startHub(folder, 'two', database)]
  const door = ending.use(await keepDoor(hubs.map(({ port }) => port)))
  const token = await readFile(join(folder, 'one', 'worker.token'), 'utf8')
  await writeFile(join(folder, 'worker.token'), token, { mode: 0o600 })
  const workers = ['1', '2', '3', '4'].map((name) => startWorker(folder, name, door.url))
  for (const { process } of [...hubs, ...workers]) ending.defer(() => end(process))

  const admin = await adminAt(folder, door.url)
  for (let job = 0; job < jobs; job += 1) await submit(admin, job, { folder, remote })
  await untilEnded(admin, Math.floor(jobs * 0.2))
  workers[0]?.process.kill('SIGKILL')
  await untilEnded(admin, Math.floor(jobs * 0.4))
  hubs[1]?.process.kill('SIGKILL')
  await untilEnded(admin, Math.floor(jobs * 0.6))
  await postgres.restart()
  await untilEnded(admin, jobs)
  return { ...(await judge(admin, { folder, remote })), jobs, seconds: secondsSince(began) }
}

const secondsSince = (began: number): number => Math.round((performance.now() - began) / 1000)

/** A bare repository that writes down every push. */
async function makeWatchedRemote(folder: string): Promise<string> {
  const { remote } = await makeRemote(join(folder, 'git'))
  const hook = join(remote, 'hooks', 'post-receive')
  await mkdir(join(remote, 'hooks'), { recursive: true })
  await writeFile(
    hook,
    `#!/bin/sh\nwhile read old new ref; do echo "$ref" >> ${folder}/pushes; done\n`,
  )
  await chmod(hook, 0o755)
  return remote
}

/** Holds a real lock of the operating system for each key while it works. */
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

/** Hubs and database come and go here. */
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
): Promise<Omit<Report, 'jobs' | 'seconds'>> {
  let [succeeded, takenOver, differing] = [0, 0, 0]
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page: { jobs: readonly { state: string; attempt: number }[]; next: string | null } =
      await admin.call('listJobs', {
        query: { limit: 200, ...(cursor === null ? {} : { cursor }) },
      })
    succeeded += page.jobs.filter(({ state }) => state === 'succeeded').length
    takenOver += page.jobs.filter(({ attempt }) => attempt > 1).length
    cursor = page.next
  }
  for await (const { found } of differences(admin)) if (found !== null) differing += 1
  const pushes = await lines(join(folder, 'pushes'))
  return {
    succeeded,
    takenOver,
    branches: (await byHand(remote, 'branch', '--list', 'job-*')).split('\n').length,
    pushedTwice: pushes.length - new Set(pushes).size,
    overlaps: (await lines(join(folder, 'overlaps'))).length,
    differences: differing,
  }
}

const lines = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

type Daemon = { readonly process: ChildProcess }

async function startHub(
  folder: string,
  name: string,
  database: string,
): Promise<Daemon & { readonly port: number }> {
  const shared = ['--database', database, '--store', join(folder, 'store')]
  const process = start(folder, ['hub', '--port', '0', '--data', join(folder, name), ...shared])
  for await (const line of createInterface(process.stdout)) {
    const port = /hub on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (port !== undefined) return { process, port: Number(port) }
  }
  throw new Error(`the hub ${name} did not start`)
}

function startWorker(folder: string, name: string, url: string): Daemon {
  const place = ['--hub', url, '--token-file', join(folder, 'worker.token'), '--name', name]
  const ways = ['--sandbox', 'none', '--allow-local', '--slots', '3']
  const data = join(folder, `worker-${name}`)
  const lease = ['--lease-ms', String(LEASE_MS)]
  return { process: start(folder, ['worker', ...place, ...ways, ...lease, '--data', data]) }
}

const start = (folder: string, args: readonly string[]) =>
  spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  })

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const exited = once(daemon, 'exit')
  daemon.kill('SIGKILL')
  await exited
}

async function adminAt(folder: string, url: string): Promise<HubClient> {
  const token = (await readFile(join(folder, 'one', 'admin.token'), 'utf8')).trim()
  return new HubClient({ url, token })
}
