import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readlink } from 'node:fs/promises'

type Options = {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds after which everything is killed. */
  readonly limitMs: number
}

const running = new Set<number>()
process.once('exit', () => running.forEach(killGroup))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

/** Runs a program in a process group of its own, which ends with it and with this program. */
export function runInGroup(
  [program = '', ...args]: readonly string[],
  { cwd, env, limitMs }: Options,
): { readonly ended: Promise<number | 'late'>; readonly output: () => string } {
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ending = async (): Promise<number | 'late'> => {
    const { pid } = child
    if (pid === undefined) throw new Error(`${program} did not start`)
    running.add(pid)
    let late = false
    const limit = setTimeout(() => {
      late = true
      killGroup(pid)
    }, limitMs)
    await once(child, 'exit')
    clearTimeout(limit)
    killGroup(pid)
    running.delete(pid)
    return late ? 'late' : (child.exitCode ?? 1)
  }
  return { ended: ending(), output: () => output }
}

/** Ends what left the group, such as agents of a worker that a mutant made forget them. */
export async function endLeftovers(...folders: readonly string[]): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger)
  for (const pid of pids) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (folders.some((folder) => cwd.startsWith(folder))) process.kill(pid, 'SIGKILL')
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of it is left.
  }
}
