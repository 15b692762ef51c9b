// A git host and a model that are away for a while, each with twenty jobs that need it, on a hub and
// two workers as processes of their own. All jobs must succeed without a failure, and while it is
// away each of the two must get fewer than two requests a minute.
// node bench/outage.ts [minutes away, default 10]
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { newJobId } from '../src/domain/id.ts'
import type { Job } from '../src/domain/job.ts'
import { startGateway } from '../src/gateway/gateway.ts'
import { GatewaySettings } from '../src/gateway/settings.ts'
import { silentLog } from '../src/platform/log.ts'
import { HubClient } from '../src/protocol/client.ts'
import { PROGRAM, untilPrinted } from '../test/support/fleet.ts'
import { makeRemote } from '../test/support/repository.ts'
import { passOn } from '../test/support/scripted-model.ts'
import { serveGit } from '../test/support/serve-git.ts'

const MINUTES = Number(process.argv[2] ?? 10)
const JOBS_EACH = 20
const REQUESTS_PER_MINUTE_MAX = 2

/** Something outside that can be switched off, and counts what it is asked. */
type Outside = AsyncDisposable & {
  readonly name: string
  readonly url: string
  switchOff(): void
  switchOn(): void
  asked(): number
}

/** Breaks every connection while it is away. */
async function aGitHost(root: string): Promise<Outside> {
  const server = await serveGit(root)
  return {
    name: 'git host',
    url: server.url,
    switchOff: () => (server.manner = 'die'),
    switchOn: () => (server.manner = 'serve'),
    asked: () => server.requests.length,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

const SCRIPT = {
  scripts: [
    {
      steps: [
        { calls: [{ name: 'write', args: { path: 'made', content: 'x\n' } }] },
        { text: 'Done.' },
      ],
    },
  ],
}

/** Answers every request with 503 while it is away, and otherwise as its script says. */
async function aModel(folder: string): Promise<Outside> {
  const replay = join(folder, 'model.json')
  await writeFile(replay, JSON.stringify(SCRIPT))
  const gateway = await startGateway(GatewaySettings.parse({ replay }), silentLog)
  const fence = { jobId: newJobId(Date.now(), (size) => new Uint8Array(size)), attempt: 1 }
  const door = await gateway.open(fence)
  const state = { away: false, asked: 0 }
  const server = createServer((request, response) => {
    state.asked += 1
    if (!state.away) return passOn(request, response, door)
    request.resume()
    response.writeHead(503, { 'content-type': 'application/json' })
    return response.end(JSON.stringify({ error: { message: 'away' } }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    name: 'model',
    url: `http://127.0.0.1:${address.port}`,
    switchOff: () => (state.away = true),
    switchOn: () => (state.away = false),
    asked: () => state.asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await gateway[Symbol.asyncDispose]()
    },
  }
}

/** A process of Millwright; it is stopped when it is disposed. */
function start(args: readonly string[]): AsyncDisposable & { readonly process: ChildProcess } {
  const env = { ...process.env, ANTHROPIC_API_KEY: 'key-of-the-drill' }
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  })
  const exited = once(child, 'exit')
  return {
    process: child,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function startHub(folder: string) {
  const data = join(folder, 'hub')
  const hub = start(['hub', '--port', '0', '--data', data])
  const line = await untilPrinted(hub.process, /hub on http/)
  hub.process.stdout?.resume()
  const url = /http:\/\/[\w.:]+/.exec(line)?.[0] ?? ''
  const token = (await readFile(join(data, 'admin.token'), 'utf8')).trim()
  return {
    ...hub,
    url,
    tokenFile: join(data, 'worker.token'),
    admin: new HubClient({ url, token }),
  }
}

type Hub = Awaited<ReturnType<typeof startHub>>

function startWorker(hub: Hub, name: string, { folder, model }: { folder: string; model: string }) {
  const here = ['--data', join(folder, name), '--name', name, '--slots', '4']
  const ways = ['--sandbox', 'none', '--allow-local', '--upstream-anthropic', model]
  const worker = start([
    'worker',
    '--hub',
    hub.url,
    '--token-file',
    hub.tokenFile,
    ...here,
    ...ways,
  ])
  worker.process.stdout?.resume()
  return worker
}

/** Jobs that need the git host, or the model; the agents of the former take half a second. */
async function submit(hub: Hub, kind: 'git host' | 'model', repository: string): Promise<Job> {
  const agent =
    kind === 'model'
      ? { name: 'builtin' }
      : { name: 'command', run: ['sh', '-c', 'sleep 0.5; echo x > made'] }
  const payload = { repository, prompt: 'make a file', agent }
  return hub.admin.call('submitJob', { body: { kind: 'code', payload, group: kind } })
}

async function jobsOf(hub: Hub, group: string): Promise<readonly Job[]> {
  return (await hub.admin.call('listJobs', { query: { group, limit: 200 } })).jobs
}

async function untilAll(hub: Hub, group: string, wanted: (jobs: readonly Job[]) => boolean) {
  for (;;) {
    const jobs = await jobsOf(hub, group)
    if (wanted(jobs)) return jobs
    await pause(500)
  }
}

const ended = (jobs: readonly Job[]): number =>
  jobs.filter(({ endedAt }) => endedAt !== null).length

/** Switches it off as soon as a job of it has succeeded, and on again; returns what was seen. */
async function drill(hub: Hub, outside: Outside): Promise<boolean> {
  const { name } = outside
  await untilAll(hub, name, (jobs) => ended(jobs) > 0)
  outside.switchOff()
  const before = outside.asked()
  const waiting = JOBS_EACH - ended(await jobsOf(hub, name))
  await pause(MINUTES * 60_000)
  const asked = outside.asked() - before
  const since = Date.now()
  outside.switchOn()
  const jobs = await untilAll(hub, name, (all) => ended(all) === all.length)
  const seconds = ((Date.now() - since) / 1000).toFixed(0)
  const succeeded = jobs.filter(({ state }) => state === 'succeeded').length
  const failures = jobs.reduce((sum, job) => sum + job.failures, 0)
  const attempts = Math.max(...jobs.map(({ attempt }) => attempt))
  const rate = asked / MINUTES
  console.log(
    `${name} away for ${MINUTES} min with ${waiting} of ${jobs.length} jobs unfinished: ` +
      `${succeeded} succeeded, the last ${seconds} s after it was back, ${failures} failures, ` +
      `at most ${attempts} attempts; ${asked} requests while away, ${rate.toFixed(2)} a minute ` +
      `(goal: fewer than ${REQUESTS_PER_MINUTE_MAX})`,
  )
  return succeeded === jobs.length && failures === 0 && rate < REQUESTS_PER_MINUTE_MAX
}

const folder = await mkdtemp(join(tmpdir(), 'millwright-outage-'))
try {
  await makeRemote(folder)
  await using host = await aGitHost(folder)
  await using model = await aModel(folder)
  await using hub = await startHub(folder)
  await using workers = new AsyncDisposableStack()
  for (const name of ['one', 'two']) {
    workers.use(startWorker(hub, name, { folder, model: model.url }))
  }
  for (let job = 0; job < JOBS_EACH; job += 1) {
    await submit(hub, 'git host', `${host.url}/remote.git`)
    await submit(hub, 'model', join(folder, 'remote.git'))
  }
  const passed = await Promise.all([drill(hub, host), drill(hub, model)])
  if (!passed.every(Boolean)) process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
