import { Command, CommanderError, Help } from 'commander'
import { AppError } from '../domain/errors.ts'
import { hintText } from '../domain/hint.ts'
import type { Invocation } from './command.ts'
import { COMMANDS } from './commands.ts'
import { EXIT_CODES, type ExitCode, exitCodeOfError } from './exit-codes.ts'
import { commandText } from './print/command-text.ts'
import { safeText } from '../words/safe-text.ts'
import type { Terminal } from './terminal.ts'
import { programVersion } from './version.ts'

/** Runs one call of the program to its exit code. Bugs are shown with their stack, never hidden. */
export async function runCli(terminal: Terminal): Promise<ExitCode> {
  surviveClosedPipe(terminal)
  await warnOfVariables(terminal)
  let exitCode: ExitCode = EXIT_CODES.ok.code
  const [own, rest] = splitAtDashes(terminal.argv)
  const program = buildProgram(terminal)
  const end = (code: ExitCode): void => {
    exitCode = code
  }
  await defineCommands(program, own, { terminal, rest, end })
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
    .configureHelp({ subcommandTerm })
}

/** Defines the commands that the command line names; of the others the help needs a line alone. */
async function defineCommands(
  program: Command,
  own: readonly string[],
  invocation: Invocation,
): Promise<void> {
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).description(summary)
    if (own.includes(name)) (await load())(command, invocation)
  }
}

/** The same line for a command that is not defined as for one that is. */
function subcommandTerm(command: Command): string {
  const entry = COMMANDS.find(({ name }) => name === command.name())
  if (entry === undefined || command.parent?.parent !== null) {
    return new Help().subcommandTerm(command)
  }
  return `${entry.name} ${entry.takes}`.trimEnd()
}

/** Loads the settings only when there is something to compare with them. */
async function warnOfVariables(terminal: Terminal): Promise<void> {
  if (!Object.keys(terminal.env).some((name) => name.startsWith('MILLWRIGHT_'))) return
  const { unknownVariables } = await import('../config/read.ts')
  for (const warning of unknownVariables(terminal.env)) say(terminal, warning)
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
