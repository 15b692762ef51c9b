import { AppError } from '../domain/errors.ts'
import { runProgram } from '../platform/run-program.ts'

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024
const TIMEOUT_MS = 120_000

/**
 * Runs a program and returns its stdout. Throws `command-failed` with the program's stderr if the
 * program fails or exceeds a limit. Git ignores the configuration of the user and of the system.
 */
export async function runOrThrow(
  argv: readonly [string, ...string[]],
  { cwd, path }: { readonly cwd: string; readonly path: string },
): Promise<string> {
  const end = await runProgram({
    argv,
    cwd,
    env: {
      PATH: path,
      DEBIAN_FRONTEND: 'noninteractive',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    },
    timeoutMs: TIMEOUT_MS,
    stdoutBytesMax: OUTPUT_BYTES_MAX,
  })
  if (end.code === 0) return end.stdout.toString('utf8')
  const how =
    end.exceeded === null
      ? `exited with ${end.code ?? end.killSignal}`
      : `exceeded its ${end.exceeded} limit`
  throw new AppError('command-failed', `${argv.join(' ')} ${how}: ${end.stderr.trim()}`)
}
