import { type Command, Option } from 'commander'
import { z } from 'zod'
import { type Setting, spellings } from '../config/spelling.ts'
import { AppError } from '../domain/errors.ts'
import { readPlainly } from '../domain/plain-words.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** The context of one run of the program, which is passed to its command. */
export type Invocation = {
  readonly terminal: Terminal
  /** The words after `--` on the command line: the agent's program and its arguments. */
  readonly rest: readonly string[]
  /** Sets the exit code, which is 0 by default. */
  end(code: ExitCode): void
}

/** Gives a command its description, flags, arguments and action. */
export type DefineCommand = (command: Command, invocation: Invocation) => void

/**
 * Sets a command's action, which receives the command's parsed flags and its arguments. If a flag
 * is invalid, the action throws `usage-invalid` with the flag's name.
 */
export function onRun<Flags extends z.ZodType>(
  command: Command,
  flags: Flags,
  run: (flags: z.output<Flags>, args: readonly string[]) => Promise<void>,
): void {
  command.action(async () => {
    const parsed = readPlainly(flags, command.opts())
    if (!parsed.ok) throw wrongFlag(command, parsed.faults[0])
    await run(parsed.value, command.args)
  })
}

function wrongFlag(command: Command, { path, message }: z.core.$ZodIssue): AppError {
  const [key] = path
  const option = command.options.find((candidate) => candidate.attributeName() === key)
  return new AppError('usage-invalid', `${option?.long ?? String(key)}: ${message}`)
}

/**
 * Adds a flag for each setting of a program, except secrets. `readConfig` later combines the flags
 * with the environment, the configuration file and the defaults.
 */
export function addSettings(
  command: Command,
  schema: z.ZodObject<Record<string, z.ZodType>>,
): Command {
  for (const setting of spellings(schema)) {
    if (setting.secret !== true) command.addOption(optionOf(setting))
  }
  return command
}

function optionOf({ flag, takes, repeats, description, variable, fallback }: Setting): Option {
  const shown = fallback === '' ? '' : `, default ${fallback}`
  const option = new Option(
    takes === undefined ? flag : `${flag} <${takes}>`,
    `${description} (${variable}${shown})`,
  )
  return repeats === true ? option.argParser(collect) : option
}

/** The flags of a command that has no flags of its own, but only settings. */
export const NoFlags = z.object({})

/** Collects the values of a flag that may be given several times. */
export const collect = (value: string, before: unknown): readonly string[] => [
  ...z.array(z.string()).catch([]).parse(before),
  value,
]
