import { Command, CommanderError, Help } from 'commander'
import { AppError } from '../domain/errors.ts'
import { hintText, ofJob } from '../domain/hint.ts'
import type { Invocation } from './command.ts'
import { COMMANDS, nameOf } from './commands.ts'
import { EXIT_CODES, type ExitCode, exitCodeOfError } from './exit-codes.ts'
import { commandText } from './print/command-text.ts'
import { safeText } from '../words/safe-text.ts'
import { unknownCommand } from './meant-command.ts'
import type { Terminal } from './terminal.ts'
import { programVersion } from './version.ts'

/**
 * Runs the program and returns its exit code. An error that is not expected is a bug, and is
 * printed with its stack.
 */
export async function runCli(terminal: Terminal): Promise<ExitCode> {
  surviveLostOutput(terminal)
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
    const unknown = unknownCommand(own[0])
    if (unknown !== null) throw new AppError('usage-invalid', unknown)
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

/** Imports only commands named on the command line. For the others, one line of help is enough. */
async function defineCommands(
  program: Command,
  own: readonly string[],
  invocation: Invocation,
): Promise<void> {
  for (const entry of COMMANDS) {
    const { summary, load } = entry
    const command = program.command(nameOf(entry)).summary(summary).description(summary)
    if (own.includes(nameOf(entry))) (await load())(command, invocation)
  }
}

/** A command's line in the help. It is the same whether or not the command is imported. */
function subcommandTerm(command: Command): string {
  const entry = COMMANDS.find((one) => nameOf(one) === command.name())
  const isNested = command.parent?.parent !== null
  return entry === undefined || isNested ? new Help().subcommandTerm(command) : entry.usage
}

/**
 * Warns about unknown MILLWRIGHT_ variables. Imports the settings only if any MILLWRIGHT_ variable
 * is set.
 */
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

/**
 * Splits the arguments at the first `--`. The arguments after it belong to the agent and must not
 * be parsed as flags.
 */
function splitAtDashes(
  argv: readonly string[],
): readonly [own: readonly string[], rest: readonly string[]] {
  const at = argv.indexOf('--')
  return at === -1 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)]
}

/**
 * Throws `usage-invalid` if a command other than `submit` has arguments after `--`. Without this
 * error, the command would ignore them.
 */
function refuseRest(command: Command, rest: readonly string[]): void {
  if (rest.length === 0 || command.parent?.name() === 'submit') return
  throw new AppError(
    'usage-invalid',
    `The command "${command.name()}" does not accept a program after --`,
  )
}

/** Prints an error and returns its exit code. */
export function explain(given: unknown, terminal: Terminal): ExitCode {
  const error = firstError(given)
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code
  }
  if (error instanceof AppError) {
    say(terminal, `${error.message}\n  ${nextStep(error, terminal)}`)
    return exitCodeOfError(error)
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  say(
    terminal,
    `this is a bug in Millwright ${programVersion()}; please open an issue with these lines on this project’s GitHub repository:\n${stack}`,
  )
  return EXIT_CODES.bug.code
}

/**
 * What to do about an error. The commands in this text name the job and the hub that the command
 * line names.
 */
function nextStep(error: AppError, { argv, call }: Terminal): string {
  const entry = COMMANDS.find((one) => nameOf(one) === argv[0])
  if (error.code === 'usage-invalid') {
    return `See: ${[call, ...(entry === undefined ? [] : [argv[0]]), '--help'].join(' ')}`
  }
  const job = /[<[]job[\]>]$/.test(entry?.usage ?? '') ? argv[1] : undefined
  const fix = job === undefined || job.startsWith('-') ? error.fix : ofJob(error.fix, job)
  return hintText(fix, (command) => commandText(command, argv, call), 'lines')
}

/**
 * If a disposal fails while an error is thrown, JavaScript throws a `SuppressedError`, which holds
 * both errors. Returns the original error, not the error of the disposal.
 */
const firstError = (error: unknown): unknown =>
  error instanceof SuppressedError ? firstError(error.suppressed) : error

const say = (terminal: Terminal, text: string): void =>
  void terminal.stderr.write(`millwright: ${safeText(text)}\n`)

/**
 * Ignores write errors on a pipe that its reader has closed, as in `millwright jobs | head`. Throws
 * `disk-full` if the disk behind stdout is full. Ignores all errors of stderr: its messages add
 * detail to the exit code, so losing them must not end the program.
 */
function surviveLostOutput({ stdout, stderr }: Terminal): void {
  stderr.on('error', () => {})
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    if (error.code !== 'ENOSPC') throw error
    throw new AppError('disk-full', 'The disk that holds the output is full', {
      cause: error,
    })
  })
}
