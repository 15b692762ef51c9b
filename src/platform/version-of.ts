import { isAppError } from '../domain/errors.ts'
import { locateProgram } from './locate-program.ts'
import { runProgram } from './run-program.ts'

const VERSION_MS_MAX = 15_000

/**
 * Returns the first line that a program prints for --version, or null if the program is missing or
 * fails.
 */
export async function versionOf(name: string, path: string): Promise<string | null> {
  const program = locateProgram(name, path)
  if (program === null) return null
  try {
    const { code, stdout } = await runProgram({
      argv: [program, '--version'],
      cwd: '/',
      env: { PATH: path, HOME: '/nonexistent' },
      timeoutMs: VERSION_MS_MAX,
      stdoutBytesMax: 64 * 1024,
    })
    return code === 0 ? (stdout.toString('utf8').split('\n')[0] ?? '') : null
  } catch (error) {
    if (isAppError(error, 'program-unstartable')) return null
    throw error
  }
}
