// How soon the program answers and what it holds while it does nothing: run from its sources and as
// the built package, of this tree and of another one. Beside `node -e 0`. Reads /proc: Linux only.
// node bench/start.ts [repetitions, default 7] [folder of another tree, with its node_modules; its
// dist/ is built anew]
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { cpuOf, memoryOf, processTree } from './support/process-figures.ts'

const REPETITIONS = Number(process.argv[2] ?? 7)
const OTHER_TREE = process.argv[3]
const THIS_TREE = join(import.meta.dirname, '..')
/** Until the garbage of the start is collected and every background loop has run once. */
const SETTLE_MS = 5000
const MEBIBYTE = 1024 * 1024

/** One start: until it ended or was ready, in milliseconds, and the CPU time of all its processes. */
type Start = { readonly wallMs: number; readonly cpuMs: number }
/** What `up` holds while idle, in bytes. */
type Idle = { readonly rss: number; readonly pss: number; readonly parts: readonly number[] }

const home = await mkdtemp(join(tmpdir(), 'millwright-start-'))
// Compile caches lie in the home or in the folder for temporary files: empty at first, then kept.
const env = { PATH: process.env['PATH'], HOME: home, TMPDIR: home }
try {
  console.log(`${REPETITIONS} repetitions; ms as first · min/median; CPU time is user+sys\n`)
  printStarts('node -e 0', await repeat(() => ended(['-e', '0'])))
  if (OTHER_TREE !== undefined) await measureTree('other', OTHER_TREE)
  await measureTree('this', THIS_TREE)
} finally {
  await rm(home, { recursive: true, force: true })
}

async function measureTree(which: string, tree: string): Promise<void> {
  const build = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: tree })
  if (build.status !== 0) throw new Error(String(build.stderr))
  const forms = { sources: tree, package: join(tree, 'dist') }
  for (const [form, folder] of Object.entries(forms)) {
    const program = join(folder, 'bin', 'millwright.js')
    const name = `${which} tree, ${form}:`
    printStarts(`${name} --version`, await repeat(() => ended([program, '--version'])))
    const ups = await repeat(() => upOf(program, join(tree, 'examples', 'demo', 'model.json')))
    printStarts(`${name} up`, ups)
    printIdle(
      `${name} up`,
      ups.map(({ idle }) => idle),
    )
  }
}

async function repeat<Result>(measure: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let count = 0; count <= REPETITIONS; count += 1) results.push(await measure())
  return results
}

/** A command that ends by itself. */
async function ended(args: readonly string[]): Promise<Start> {
  const before = (await cpuOf('self')).children
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { env })
  const wallMs = performance.now() - began
  if (status !== 0) throw new Error(String(stderr))
  return { wallMs, cpuMs: (await cpuOf('self')).children - before }
}

/** `up` in a new data folder, with a gateway: ready when it says so and answers a request for it. */
async function upOf(program: string, replay: string): Promise<Start & { readonly idle: Idle }> {
  const data = await mkdtemp(join(home, 'data-'))
  const args = ['up', '--port', '0', '--sandbox', 'none', '--replay', replay, '--data', data]
  const began = performance.now()
  const child = spawn(process.execPath, [program, ...args], {
    cwd: data,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  try {
    for await (const line of createInterface(child.stdout)) if (line.includes('next:')) break
    const { url } = JSON.parse(await readFile(join(data, 'hub.json'), 'utf8'))
    if (!(await fetch(`${url}/readyz`)).ok) throw new Error('up is not ready')
    const wallMs = performance.now() - began
    const pids = await processTree(child.pid ?? 0)
    const times = await Promise.all(pids.map((pid) => cpuOf(pid)))
    const cpuMs = times.reduce((sum, { own, children }) => sum + own + children, 0)
    await pause(SETTLE_MS)
    const idle = await memoryOf(pids)
    const parts = await Promise.all(pids.map(async (pid) => (await memoryOf([pid])).rss))
    return { wallMs, cpuMs, idle: { ...idle, parts } }
  } finally {
    child.kill()
    await exited
  }
}

/** The first start, which fills the compile cache, is told apart. */
function printStarts(name: string, [first, ...others]: readonly Start[]): void {
  const figures = (of: (start: Start) => number): string =>
    `${(first === undefined ? Number.NaN : of(first)).toFixed(0).padStart(5)} · ${least(others.map(of)).toFixed(0)}/${median(others.map(of)).toFixed(0)}`
  console.log(
    `${name.padEnd(34)} wall ${figures(({ wallMs }) => wallMs).padEnd(18)} CPU ${figures(({ cpuMs }) => cpuMs)}`,
  )
}

function printIdle(name: string, idle: readonly Idle[]): void {
  const of = (value: (idle: Idle) => number): string =>
    (median(idle.map(value)) / MEBIBYTE).toFixed(0)
  const parts = (idle[0]?.parts ?? []).map((_, index) => of(({ parts: all }) => all[index] ?? 0))
  console.log(
    `${`${name} idle`.padEnd(34)} RSS ${of(({ rss }) => rss)} MiB (${parts.join(' + ')}), PSS ${of(({ pss }) => pss)} MiB`,
  )
}

function least(values: readonly number[]): number {
  return Math.min(...values)
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}
