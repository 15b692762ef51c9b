import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./worker-program.ts', import.meta.url))

/** What a test may want otherwise of a worker process. */
type WorkerProcess = {
  readonly leaseMs?: number
  /** Starts it in another world. */
  readonly prefix?: readonly string[]
  /** Another program, and its further arguments. */
  readonly program?: string
  readonly args?: readonly string[]
}

/** Starts a worker as a process of its own; ended with the test at the latest. */
export async function startWorkerProcess(
  hub: { readonly url: string; readonly workerToken: string },
  folder: string,
  { leaseMs = 60_000, prefix = [], program: entry = PROGRAM, args: more = [] }: WorkerProcess = {},
): Promise<ChildProcess> {
  const worker = [entry, folder, hub.url, hub.workerToken, String(leaseMs), ...more]
  const [program = '', ...args] = [...prefix, process.execPath, ...worker]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  return child
}

/** Ends a process as a power cut would. */
export async function killHard(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
