// Whether a hub and its workers need more memory the longer they run: many small jobs through one
// hub and two workers, each a process of its own, whose memory is sampled after a full collection.
// Most jobs are of the kind `generate`; one in twenty is of the kind `code`, on a tiny repository.
// node bench/soak.ts [jobs, default 20000]
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { HubClient } from '../src/protocol/client.ts'
import { makeRemote } from '../test/support/repository.ts'

const JOBS = Number(process.argv[2] ?? 20_000)
const SLOTS = 4
/** Queued and running jobs at any time: more than the slots, so that no worker waits. */
const OPEN_JOBS = 40
const CODE_JOB_EVERY = 20
const SAMPLES = 40
/** The first jobs fill caches and pools, and the compiler optimizes what they run. */
const WARM_UP = Math.min(2000, JOBS / 4)
const LATE = JOBS * 0.8
/** The most by which the median of the last fifth may exceed that of the jobs after the warm-up. */
const GROWTH_MAX = 1.1
const MEBIBYTE = 1024 * 1024

const ROOT = join(import.meta.dirname, '..')
const PROGRAM = join(ROOT, 'bin', 'millwright.js')
const REPORT_MEMORY = join(import.meta.dirname, 'support', 'report-memory.ts')

/** Bytes of one process: all that is resident, and its JavaScript objects alone. */
type Memory = { readonly rss: number; readonly heap: number }
type Daemon = { readonly name: string; readonly process: ChildProcess }
type Sample = { readonly jobs: number; readonly memory: readonly Memory[] }

const folder = await mkdtemp(join(tmpdir(), 'millwright-soak-'))
const daemons: Daemon[] = []
try {
  const hub = await startHub()
  const repository = (await makeRemote(join(folder, 'git'))).remote
  for (const name of ['one', 'two']) startWorker(name, hub)
  const admin = new HubClient({ url: hub, token: await token('admin') })
  const samples = await runJobs(admin, repository)
  judge(samples)
} finally {
  // The hub last: a worker ends once the hub has all of its reports.
  for (const { process } of daemons.toReversed()) await stop(process)
  await rm(folder, { recursive: true, force: true })
}

/** @returns its address */
async function startHub(): Promise<string> {
  const hub = start('hub', ['hub', '--port', '0', '--data', join(folder, 'hub')])
  if (hub.stdout === null) throw new Error('the hub has no standard output')
  for await (const line of createInterface(hub.stdout)) {
    const url = /hub on (http:\S+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('the hub did not start')
}

function startWorker(name: string, hub: string): void {
  const data = ['--data', join(folder, name), '--token-file', join(folder, 'hub', 'worker.token')]
  const own = ['--name', name, '--slots', String(SLOTS), '--sandbox', 'none', '--allow-local']
  start(`worker ${name}`, ['worker', '--hub', hub, ...data, ...own])
}

function start(name: string, args: readonly string[]): ChildProcess {
  const argv = ['--expose-gc', '--import', REPORT_MEMORY, PROGRAM, ...args, '--log-level', 'error']
  const child = spawn(process.execPath, argv, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  // Nobody reads on; an unread pipe would stop the program once it is full.
  child.stdout?.resume()
  daemons.push({ name, process: child })
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}

async function token(whose: string): Promise<string> {
  return (await readFile(join(folder, 'hub', `${whose}.token`), 'utf8')).trim()
}

/** Keeps the queue filled, and samples at equal distances. */
async function runJobs(admin: HubClient, repository: string): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  const began = performance.now()
  printHead()
  let [submitted, ended] = [0, 0]
  while (ended < JOBS) {
    const wanted = Math.min(JOBS, ended + OPEN_JOBS) - submitted
    await Promise.all(
      Array.from({ length: wanted }, (_, index) => submit(admin, submitted + index, repository)),
    )
    submitted += wanted
    await pause(100)
    ended = await countEnded(admin)
    if (ended < ((samples.length + 1) * JOBS) / SAMPLES) continue
    const sample = { jobs: ended, memory: await Promise.all(daemons.map(measure)) }
    samples.push(sample)
    print(sample, (performance.now() - began) / 1000)
  }
  return samples
}

async function submit(admin: HubClient, job: number, repository: string): Promise<void> {
  const [kind, payload] =
    job % CODE_JOB_EVERY === 0
      ? [
          'code',
          { repository, prompt: 'write', agent: { name: 'command', run: ['touch', 'file'] } },
        ]
      : ['generate', { generator: { name: 'command', run: ['sh', '-c', 'echo x > file'] } }]
  await admin.call('submitJob', { body: { kind, payload, retry: { maxFailures: 1 } } })
}

/** Throws when one has failed: what fails may take another way than the one to be measured. */
async function countEnded(admin: HubClient): Promise<number> {
  const text = await (await admin.call('metrics', {})).text()
  const jobs = new Map<string, number>()
  for (const [, state = '', count] of text.matchAll(
    /^millwright_jobs\{[^}]*state="(\w+)"\} (\d+)$/gm,
  )) {
    jobs.set(state, (jobs.get(state) ?? 0) + Number(count))
  }
  const failed = jobs.get('failed') ?? 0
  if (failed > 0) throw new Error(`${failed} jobs failed`)
  return jobs.get('succeeded') ?? 0
}

async function measure({ name, process }: Daemon): Promise<Memory> {
  const answer = once(process, 'message')
  process.send('report')
  const [usage]: NodeJS.MemoryUsage[] = await answer
  if (usage === undefined) throw new Error(`the ${name} reported no memory`)
  return { rss: usage.rss, heap: usage.heapUsed }
}

function printHead(): void {
  console.log(`${JOBS} jobs; MiB as resident/heap`)
  printRow(['jobs', 'seconds', 'jobs/s', ...daemons.map(({ name }) => name)])
}

function print({ jobs, memory }: Sample, seconds: number): void {
  printRow([
    String(jobs),
    seconds.toFixed(0),
    (jobs / seconds).toFixed(1),
    ...memory.map(({ rss, heap }) => `${inMebibytes(rss)}/${inMebibytes(heap)}`),
  ])
}

function printRow(cells: readonly string[]): void {
  console.log(cells.map((cell) => cell.padStart(12)).join(''))
}

/** Compares the last fifth of the jobs with those that followed the warm-up. */
function judge(samples: readonly Sample[]): void {
  const early = samples.filter(({ jobs }) => jobs >= WARM_UP && jobs <= 2 * WARM_UP)
  const late = samples.filter(({ jobs }) => jobs >= LATE)
  for (const [index, { name }] of daemons.entries()) {
    for (const what of ['rss', 'heap'] as const) {
      const of = (some: readonly Sample[]) =>
        median(some.map(({ memory }) => memory[index]?.[what] ?? Number.NaN))
      const growth = of(late) / of(early)
      const flat = growth <= GROWTH_MAX
      if (!flat) process.exitCode = 1
      console.log(
        `${name} ${what}: ${inMebibytes(of(early))} MiB after the warm-up, ${inMebibytes(of(late))} ` +
          `in the last fifth: ${growth.toFixed(2)}×, ${flat ? 'flat' : 'GROWS'} (at most ${GROWTH_MAX}×)`,
      )
    }
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function inMebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0)
}
