import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, readFile, readlink } from 'node:fs/promises'

type Options = {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** File for its output: a pipe would stay open until every leftover process exits. */
  readonly output: string
  /** Milliseconds after which everything is killed. */
  readonly limitMs: number
}

const running = new Set<number>()
process.once('exit', () => running.forEach(killGroup))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

/** Runs a program in its own process group, which is killed when either program exits. */
export async function runInGroup(
  [program = '', ...args]: readonly string[],
  { cwd, env, output, limitMs }: Options,
): Promise<{ readonly code: number | 'late'; readonly said: string }> {
  const file = await open(output, 'w')
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ['ignore', file.fd, file.fd],
    detached: true,
  })
  const exited = once(child, 'exit')
  await file.close()
  const { pid } = child
  if (pid === undefined) throw new Error(`${program} did not start`)
  running.add(pid)
  let late = false
  const limit = setTimeout(() => {
    late = true
    killGroup(pid)
  }, limitMs)
  await exited
  clearTimeout(limit)
  killGroup(pid)
  running.delete(pid)
  return { code: late ? 'late' : (child.exitCode ?? 1), said: await readFile(output, 'utf8') }
}

/** Kills processes that left the group, such as agents that a mutated worker did not stop. */
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
    // The group has already exited.
  }
}
