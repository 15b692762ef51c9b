/** The only file that reads argv and the environment. It passes both to the command line. */
import { isatty } from 'node:tty'
import { explain, runCli } from './cli/run-cli.ts'
import type { Terminal } from './cli/terminal.ts'

const terminal: Terminal = {
  argv: process.argv.slice(2),
  env: { ...process.env },
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  isTTY: { stdout: isatty(1), stderr: isatty(2) },
}

// Node exits with 1 after a crash, but here 1 means that the job failed.
process.on('uncaughtException', (error) => process.exit(explain(error, terminal)))
process.exitCode = await runCli(terminal)
