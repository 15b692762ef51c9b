import { type Command, Option } from 'commander'
import { z } from 'zod'
import { type Setting, spellings } from '../config/settings.ts'
import { AppError } from '../domain/errors.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** One call of the program, as the commands see it. */
export type Invocation = {
  readonly terminal: Terminal
  /** What stood after `--`: the agent's own program and arguments. */
  readonly rest: readonly string[]
  /** Sets the exit code; without it a command ends with 0. */
  end(code: ExitCode): void
}

/** Puts one command on the program. */
export type AddCommand = (program: Command, invocation: Invocation) => void

/** Runs a command's action with its own flags, parsed once. A wrong one is named as it was written. */
export function onRun<Flags extends z.ZodType>(
  command: Command,
  flags: Flags,
  run: (flags: z.output<Flags>, args: readonly string[]) => Promise<void>,
): void {
  command.action(async () => {
    const parsed = flags.safeParse(command.opts())
    if (!parsed.success) throw wrongFlag(command, parsed.error)
    await run(parsed.data, command.args)
  })
}

function wrongFlag(command: Command, error: z.ZodError): AppError {
  const [issue] = error.issues
  const key = issue?.path[0]
  const option = command.options.find((candidate) => candidate.attributeName() === key)
  return new AppError(
    'usage-invalid',
    `${option?.long ?? String(key)}: ${issue?.message ?? 'is wrong'}`,
  )
}

/** Adds a flag for each setting of a program; the environment and the defaults join in `readConfig`. */
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

/** For commands whose flags are all settings, or that have none. */
export const NoFlags = z.object({})

/** For flags that may be given several times. */
export const collect = (value: string, before: unknown): readonly string[] => [
  ...z.array(z.string()).catch([]).parse(before),
  value,
]
