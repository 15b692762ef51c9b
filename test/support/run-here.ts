import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { runCli } from '../../src/cli/run-cli.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import type { Cli, CliEnd } from './cli.ts'

/** Where a command runs: by default, its output goes to pipes. */
type Place = {
  readonly env?: Readonly<Record<string, string>>
  /** Whether stdout is a terminal. */
  readonly isTerminal?: boolean
}

/**
 * Runs a command in this process, as the user of `cli`. Starting a process takes most of a command's
 * time, so a test with many commands runs them like this.
 */
export async function runHere(
  cli: Cli,
  argv: readonly string[],
  { env = {}, isTerminal = false }: Place = {},
): Promise<CliEnd> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const printed = Promise.all([text(stdout), text(stderr)])
  const terminal: Terminal = {
    argv,
    env: { PATH: process.env['PATH'], HOME: cli.home, ...env },
    cwd: cli.home,
    call: 'millwright',
    stdin: Readable.from([]),
    stdout,
    stderr,
    isTTY: { stdout: isTerminal, stderr: false },
  }
  const code = await runCli(terminal)
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, stdout: out, stderr: err }
}
