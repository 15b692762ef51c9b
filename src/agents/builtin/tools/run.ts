import { spawn } from 'node:child_process'
import { hasErrno } from '../../../platform/errno.ts'
import { HeadAndTail } from './head-and-tail.ts'
import { ToolFailed } from './tool-failed.ts'

export type Ran = { readonly exitCode: number | null; readonly output: string }

/**
 * Runs a program in the workspace and returns its output, shortened. Kills its whole process group
 * when the program exits, times out or is cancelled. Throws `ToolFailed` if the program cannot
 * start or exceeds `timeoutMs`.
 */
export async function run(
  argv: readonly [string, ...string[]],
  { cwd, timeoutMs }: { readonly cwd: string; readonly timeoutMs: number },
  signal?: AbortSignal,
): Promise<Ran> {
  const [program, ...args] = argv
  const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = new HeadAndTail()
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => output.push(bytes))

  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', (error) => reject(new ToolFailed(`${program}: ${error.message}`)))
  child.once('close', (code) => resolve(code))
  const endGroup = (): void => killGroup(child.pid)
  // When the program exits, kill the background processes that it left in its group: they could
  // keep the pipes open forever.
  child.once('exit', endGroup)
  const deadline = AbortSignal.timeout(timeoutMs)
  const stop = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
  stop.addEventListener('abort', endGroup, { once: true })
  if (stop.aborted) endGroup()

  const exitCode = await promise
  signal?.throwIfAborted()
  if (deadline.aborted) {
    throw new ToolFailed(`timed out after ${timeoutMs / 1000} s; output:\n${output.text}`)
  }
  return { exitCode, output: output.text }
}

/** Formats the result for the model: the exit code, then the output. */
export const resultText = ({ exitCode, output }: Ran): string =>
  `exit code ${exitCode ?? 'none (killed by a signal)'}\n${output}`

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: the group is already empty.
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}
