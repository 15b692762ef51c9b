import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

/** The PATH for all tools. Programs in node_modules, which include Node, take precedence. */
const PATH = [join(ROOT, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)

type Options = {
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly live?: boolean
}

/**
 * Runs a tool and returns its exit code and its output. With `live`, the output goes to the
 * terminal as it is written, and is not returned.
 */
export async function run(
  argv: readonly string[],
  options: Options = {},
): Promise<{ code: number; output: string }> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, PATH, ...options.env },
    stdio: [
      'ignore',
      options.live === true ? 'inherit' : 'pipe',
      options.live === true ? 'inherit' : 'pipe',
    ],
  })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
