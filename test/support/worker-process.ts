import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./worker-program.ts', import.meta.url))

/** What a test can change about a worker process. */
type WorkerProcess = {
  readonly leaseMs?: number
  /** Starts it in another world. */
  readonly prefix?: readonly string[]
  /** Another program, and its further arguments. */
  readonly program?: string
  readonly args?: readonly string[]
  /** `ignore` for one that is to fail. */
  readonly stderr?: 'ignore'
}

/** Starts a worker in a separate process, which ends with the test at the latest. */
export async function startWorkerProcess(
  hub: { readonly url: string; readonly workerToken: string },
  folder: string,
  { leaseMs = 60_000, prefix = [], program = PROGRAM, args = [], stderr }: WorkerProcess = {},
): Promise<ChildProcess> {
  const worker = [program, folder, hub.url, hub.workerToken, String(leaseMs), ...args]
  const [first = '', ...rest] = [...prefix, process.execPath, ...worker]
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', stderr ?? 'inherit'] })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  return child
}

/** Kills a process, like a power cut. */
export async function killHard(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
