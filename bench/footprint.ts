// What the daemons take while they do nothing, and how soon they are there. Beside a Node that does
// nothing and a bare node:http server. Reads /proc: Linux only.
// node bench/footprint.ts [starts of each, default 5]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

const STARTS = Number(process.argv[2] ?? 5)
/** Until what a start leaves behind is collected, and the loops have gone round. */
const SETTLE_MS = 3000
const MEBIBYTE = 1024 * 1024

const ROOT = join(import.meta.dirname, '..')
const PROGRAM = join(ROOT, 'bin', 'millwright.js')
const SCRIPT = join(ROOT, 'examples', 'demo', 'model.json')
const NOTHING = `console.log('ready'); setInterval(() => {}, 1 << 30)`
const SERVER = `require('node:http').createServer((request, response) => response.end('{}'))
  .listen(0, '127.0.0.1', () => console.log('ready'))`

type Program = {
  readonly name: string
  readonly args: readonly string[]
  /** What it prints when it is there. */
  readonly ready: RegExp
  /** Needs a hub in the same data folder; that one is not measured. */
  readonly besideHub?: true
}
type Figures = { readonly startMs: number; readonly own: number; readonly children: number }

const HUB: Program = { name: 'hub', args: [PROGRAM, 'hub', '--port', '0'], ready: /hub on/ }
const hubAndWorker = ['--port', '0', '--sandbox', 'none']
const PROGRAMS: readonly Program[] = [
  { name: 'node that does nothing', args: ['-e', NOTHING], ready: /ready/ },
  { name: 'bare node:http', args: ['-e', SERVER], ready: /ready/ },
  HUB,
  {
    name: 'worker',
    args: [PROGRAM, 'worker', '--sandbox', 'none'],
    ready: /slots/,
    besideHub: true,
  },
  { name: 'up, without a model', args: [PROGRAM, 'up', ...hubAndWorker], ready: /next:/ },
  { name: 'up', args: [PROGRAM, 'up', ...hubAndWorker, '--replay', SCRIPT], ready: /next:/ },
]

let least: Figures | null = null
for (const program of PROGRAMS) {
  const runs: Figures[] = []
  for (let count = 0; count < STARTS; count += 1) runs.push(await measure(program))
  const figures = {
    startMs: median(runs.map(({ startMs }) => startMs)),
    own: median(runs.map(({ own }) => own)),
    children: median(runs.map(({ children }) => children)),
  }
  least ??= figures
  print(program.name, figures, least)
}

async function measure(program: Program): Promise<Figures> {
  const home = await mkdtemp(join(tmpdir(), 'millwright-footprint-'))
  const hub = program.besideHub === true ? await start(HUB, home) : null
  const daemon = await start(program, home)
  await pause(SETTLE_MS)
  const own = await residentBytes(daemon.pid)
  const pids = await childrenOf(daemon.pid)
  const sizes = await Promise.all(pids.map((pid) => residentBytes(pid)))
  const children = sizes.reduce((sum, bytes) => sum + bytes, 0)
  await daemon.stop()
  await hub?.stop()
  await rm(home, { recursive: true })
  return { startMs: daemon.startMs, own, children }
}

async function start({ args, ready }: Program, home: string) {
  const began = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) if (ready.test(line)) break
  const startMs = performance.now() - began
  const stop = async (): Promise<void> => {
    child.kill()
    await exited
  }
  return { pid: child.pid, startMs, stop }
}

async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8'))
  return (await Promise.all(lists)).flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

function print(name: string, { startMs, own, children }: Figures, peer: Figures): void {
  const ready = `${startMs.toFixed(0).padStart(5)} ms (${(startMs / peer.startMs).toFixed(1)}×)`
  const idle = `${(own / MEBIBYTE).toFixed(0).padStart(4)} MiB (${(own / peer.own).toFixed(1)}×)`
  const more = children === 0 ? '' : `, its children ${(children / MEBIBYTE).toFixed(0)} MiB`
  console.log(`${name.padEnd(24)} ready after ${ready}  idle ${idle}${more}`)
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}
