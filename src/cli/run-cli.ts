import { Command, CommanderError } from 'commander'
import { unknownVariables } from '../config/read.ts'
import { AppError } from '../domain/errors.ts'
import { hintText } from '../domain/hint.ts'
import { addArtifacts } from './commands/artifacts.ts'
import { addBackup } from './commands/backup.ts'
import { addCallbacks } from './commands/callbacks.ts'
import { addCancel } from './commands/cancel.ts'
import { addConfig } from './commands/config.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addGc } from './commands/gc.ts'
import { addHub } from './commands/hub.ts'
import { addInit } from './commands/init.ts'
import { addJobs } from './commands/jobs.ts'
import { addLogs } from './commands/logs.ts'
import { addRestore } from './commands/restore.ts'
import { addResume } from './commands/resume.ts'
import { addRetry } from './commands/retry.ts'
import { addShow } from './commands/show.ts'
import { addSubmit } from './commands/submit.ts'
import { addTokens } from './commands/tokens.ts'
import { addUp } from './commands/up.ts'
import { addWorker } from './commands/worker.ts'
import { addWorkers } from './commands/workers.ts'
import type { AddCommand } from './command.ts'
import { EXIT_CODES, type ExitCode, exitCodeOfError } from './exit-codes.ts'
import { commandText } from './print/command-text.ts'
import { safeText } from '../words/safe-text.ts'
import type { Terminal } from './terminal.ts'
import { programVersion } from './version.ts'

/** Every command, in the order of the help. */
const COMMANDS: readonly AddCommand[] = [
  addInit,
  addUp,
  addHub,
  addWorker,
  addSubmit,
  addJobs,
  addShow,
  addLogs,
  addCancel,
  addRetry,
  addResume,
  addArtifacts,
  addCallbacks,
  addWorkers,
  addTokens,
  addConfig,
  addDoctor,
  addGc,
  addBackup,
  addRestore,
  addDemo,
]

/** Runs one call of the program to its exit code. Bugs are shown with their stack, never hidden. */
export async function runCli(terminal: Terminal): Promise<ExitCode> {
  surviveClosedPipe(terminal)
  for (const warning of unknownVariables(terminal.env)) say(terminal, warning)
  let exitCode: ExitCode = EXIT_CODES.ok.code
  const [own, rest] = splitAtDashes(terminal.argv)
  const program = buildProgram(terminal)
  const end = (code: ExitCode): void => {
    exitCode = code
  }
  for (const add of COMMANDS) add(program, { terminal, rest, end })
  program.hook('preAction', (_, command) => refuseRest(command, rest))
  try {
    await program.parseAsync(own, { from: 'user' })
    return exitCode
  } catch (error) {
    return explain(error, terminal)
  }
}

function buildProgram(terminal: Terminal): Command {
  return new Command('millwright')
    .description('Runs coding agents as dependable background jobs on machines you own.')
    .version(programVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      outputError: (text, write) => write(`millwright: ${text.replace(/^error: /, '')}`),
    })
    .addHelpText('after', exitCodeHelp())
}

function exitCodeHelp(): string {
  const lines = Object.values(EXIT_CODES).map(
    ({ code, means }) => `  ${String(code).padEnd(4)} ${means}`,
  )
  return ['', 'Exit codes:', ...lines].join('\n')
}

/** What stands after the first `--` belongs to the agent, and must not be read as flags of ours. */
function splitAtDashes(
  argv: readonly string[],
): readonly [own: readonly string[], rest: readonly string[]] {
  const at = argv.indexOf('--')
  return at === -1 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)]
}

/** Left unsaid, it would seem to have been heard. */
function refuseRest(command: Command, rest: readonly string[]): void {
  if (rest.length === 0 || command.parent?.name() === 'submit') return
  throw new AppError('usage-invalid', `millwright ${command.name()} takes no program after --`)
}

/** Tells of an error and answers the exit code for it. */
export function explain(given: unknown, terminal: Terminal): ExitCode {
  const error = firstError(given)
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code
  }
  if (error instanceof AppError) {
    const next = hintText(error.fix, (command) => commandText(command, terminal.argv))
    say(terminal, `${error.message}\n  ${next}`)
    return exitCodeOfError(error)
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  say(terminal, `this is a bug, please report it with these lines:\n${stack}`)
  return EXIT_CODES.bug.code
}

/** Closing what an error interrupted may fail, too; the person must hear of what went wrong first. */
const firstError = (error: unknown): unknown =>
  error instanceof SuppressedError ? firstError(error.suppressed) : error

const say = (terminal: Terminal, text: string): void =>
  void terminal.stderr.write(`millwright: ${safeText(text)}\n`)

/** `millwright jobs | head` closes the pipe early; that is no error. A full disk behind `>` is one. */
function surviveClosedPipe({ stdout, stderr }: Terminal): void {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return
      if (error.code !== 'ENOSPC') throw error
      throw new AppError('disk-full', 'The disk that the output is written to is full', {
        cause: error,
      })
    })
  }
}
