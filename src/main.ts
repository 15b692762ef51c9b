/** The one place that reads argv and the environment; both are handed on. */
import { enableCompileCache } from 'node:module'
import { isatty } from 'node:tty'

enableCompileCache()

// Imported only now, so that everything behind it comes from the cache.
const { runCli } = await import('./cli/run-cli.ts')

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: { ...process.env },
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  isTTY: { stdout: isatty(1), stderr: isatty(2) },
})
