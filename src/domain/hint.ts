/**
 * A Millwright command, without the program's name. Words such as `<job>` are placeholders for the
 * reader to fill in.
 */
export type CommandLine = readonly [string, ...string[]]

/** What to do next: an explanation, and the commands to type, in order. */
export type Hint = { readonly text: string; readonly commands: readonly CommandLine[] }

export const hint = (text: string, ...commands: readonly CommandLine[]): Hint => ({
  text,
  commands,
})

/** Replaces the placeholder `<job>` in a hint's commands with a job's id. */
export const ofJob = ({ text, commands }: Hint, id: string): Hint => ({
  text,
  commands: commands.map(([name, ...words]) => [
    name,
    ...words.map((word) => (word === '<job>' ? id : word)),
  ]),
})

/**
 * Formats a hint. With the layout `lines`, two or more commands are on separate lines.
 * @param write formats a command the way the reader must type it
 */
export function hintText(
  { text, commands }: Hint,
  write: (command: CommandLine) => string = plain,
  layout: 'line' | 'lines' = 'line',
): string {
  if (commands.length === 0) return text
  const written = commands.map(write)
  return layout === 'lines' && written.length > 1
    ? [`${text}:`, ...written].join('\n    ')
    : `${text}: ${written.join('; ')}`
}

const plain = (command: CommandLine): string => ['millwright', ...command].join(' ')
