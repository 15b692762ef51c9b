/**
 * A Millwright command, without the program's name. Words such as `<job>` are placeholders for the
 * reader to fill in.
 */
export type CommandLine = readonly [string, ...string[]]

/** What to do next: a text, and the commands to type, in order. */
export type Hint = { readonly text: string; readonly commands: readonly CommandLine[] }

export const hint = (text: string, ...commands: readonly CommandLine[]): Hint => ({
  text,
  commands,
})

/**
 * Formats a hint as one line.
 * @param write formats a command the way the reader must type it
 */
export function hintText(
  { text, commands }: Hint,
  write: (command: CommandLine) => string = plain,
): string {
  return commands.length === 0 ? text : `${text}: ${commands.map(write).join('; ')}`
}

const plain = (command: CommandLine): string => ['millwright', ...command].join(' ')
