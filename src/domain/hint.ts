/**
 * A command of this program: its words after the program's own name. `<job>` and the like stand for
 * what the reader fills in.
 */
export type CommandLine = readonly [string, ...string[]]

/** What to do next: in words, and the commands to type, in their order. */
export type Hint = { readonly text: string; readonly commands: readonly CommandLine[] }

export const hint = (text: string, ...commands: readonly CommandLine[]): Hint => ({
  text,
  commands,
})

/**
 * A hint as one line.
 * @param write how a command is typed where the hint is read
 */
export function hintText(
  { text, commands }: Hint,
  write: (command: CommandLine) => string = plain,
): string {
  return commands.length === 0 ? text : `${text}: ${commands.map(write).join('; ')}`
}

const plain = (command: CommandLine): string => ['millwright', ...command].join(' ')
