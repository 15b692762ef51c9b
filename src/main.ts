/** The only file that reads argv and the environment. It passes both to the command line. */
import { isatty } from 'node:tty'
import { programCall, standingIn } from './cli/how-called.ts'
import { explain, runCli } from './cli/run-cli.ts'
import type { Terminal } from './cli/terminal.ts'

const cwd = standingIn(process.env, currentFolder())
const terminal: Terminal = {
  argv: process.argv.slice(2),
  env: { ...process.env },
  cwd,
  call: programCall(process.argv[1], cwd),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  isTTY: { stdout: isatty(1), stderr: isatty(2) },
}

// Node exits with 1 after a crash, but here 1 means that the job failed.
process.on('uncaughtException', (error) => process.exit(explain(error, terminal)))
process.exitCode = await runCli(terminal)

/**
 * The current folder, even if it has been deleted: commands without relative paths still work then.
 */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    return process.env['PWD'] ?? '/'
  }
}
