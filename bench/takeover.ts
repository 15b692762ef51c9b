// How long a job waits after its worker was killed with SIGKILL, when a service manager starts the
// worker again: from the kill to the next claim of the job, by the hub's clock. Once the worker
// alone is killed, and once hub and worker together (`up`). Linux only.
// node bench/takeover.ts [rounds, default 20] [folder of another tree, with its node_modules]
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isAppError } from '../src/domain/errors.ts'
import type { JobEvent } from '../src/domain/event.ts'
import type { JobId } from '../src/domain/id.ts'
import { HubClient } from '../src/protocol/client.ts'
import { Service } from './support/service.ts'

const ROUNDS = Number(process.argv[2] ?? 20)
const TREE = process.argv[3] ?? join(import.meta.dirname, '..')
const PROGRAM = join(TREE, 'bin', 'millwright.js')
const LOOK_MS = 20

/** Hangs in the first attempt and succeeds in the second. */
const AGENT = 'case "$MILLWRIGHT_ATTEMPT" in *-1) sleep 600;; esac; echo done > file'

const home = await mkdtemp(join(tmpdir(), 'millwright-takeover-'))
const env = { PATH: process.env['PATH'], HOME: home, NODE_COMPILE_CACHE: join(home, 'compiled') }
const repository = makeRepository()
try {
  console.log(`${ROUNDS} rounds each, of ${TREE}; seconds from kill to claim\n`)
  console.log('| killed | p50 | p95 | longest |\n| --- | --- | --- | --- |')
  const flags = ['--allow-local', '--sandbox', 'none']
  await measure('the worker', ['hub', '--port', '0'], ['worker', ...flags])
  await measure('hub and worker (`up`)', null, ['up', '--port', '0', ...flags])
} finally {
  await rm(home, { recursive: true, force: true })
}

async function measure(
  name: string,
  hub: readonly string[] | null,
  killed: readonly string[],
): Promise<void> {
  const data = await mkdtemp(join(home, 'data-'))
  await using services = new AsyncDisposableStack()
  if (hub !== null) {
    services.use(new Service([PROGRAM, ...hub, '--data', data], env))
    while (!existsSync(join(data, 'hub.json'))) await pause(LOOK_MS)
  }
  const service = services.use(new Service([PROGRAM, ...killed, '--data', data], env))
  const seconds: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) seconds.push(await takeover(service, data))
  const sorted = seconds.toSorted((one, other) => one - other)
  const at = (share: number) => (sorted[Math.ceil(share * ROUNDS) - 1] ?? Number.NaN).toFixed(1)
  console.log(`| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(1)} |`)
}

/** One job whose first attempt is killed while its agent works; returns seconds. */
async function takeover(service: Service, data: string): Promise<number> {
  const payload = {
    repository,
    prompt: 'work',
    agent: { name: 'command', run: ['sh', '-c', AGENT] },
  }
  const { id } = await patiently(data, (client) =>
    client.call('submitJob', { body: { kind: 'code', payload } }),
  )
  await seen(data, id, ({ type }) => type === 'agent-started')
  const killedAt = Date.now()
  service.kill()
  const claimed = await seen(data, id, ({ type, attempt }) => type === 'claimed' && attempt === 2)
  await seen(data, id, ({ type }) => type === 'ended')
  return (claimed.at - killedAt) / 1000
}

/** Waits for an event of a job. */
async function seen(
  data: string,
  job: JobId,
  wanted: (event: JobEvent) => boolean,
): Promise<JobEvent> {
  for (;;) {
    const { events } = await patiently(data, (client) =>
      client.call('listEvents', { params: { job }, query: { limit: 1000 } }),
    )
    const found = events.find(wanted)
    if (found !== undefined) return found
    await pause(LOOK_MS)
  }
}

/** Repeats a call while the hub is restarting; the hub may get another port. */
async function patiently<Value>(
  data: string,
  call: (client: HubClient) => Promise<Value>,
): Promise<Value> {
  for (;;) {
    try {
      const { url } = JSON.parse(await readFile(join(data, 'hub.json'), 'utf8'))
      const token = (await readFile(join(data, 'admin.token'), 'utf8')).trim()
      return await call(new HubClient({ url, token }))
    } catch (error) {
      if (isAppError(error) && !error.retryable) throw error
      await pause(LOOK_MS)
    }
  }
}

function makeRepository(): string {
  const folder = join(home, 'repository')
  git('init', '-q', '-b', 'main', folder)
  git('-C', folder, 'commit', '-q', '--allow-empty', '-m', 'first')
  return folder
}

function git(...args: readonly string[]): void {
  const author = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org']
  execFileSync('git', [...author, ...args], { env })
}
