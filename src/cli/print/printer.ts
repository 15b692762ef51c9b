import { once } from 'node:events'
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Terminal } from '../terminal.ts'
import { type CommandLine, type Hint, hintText } from '../../domain/hint.ts'
import { commandText } from './command-text.ts'
import { safeJson, visibleText } from '../../words/safe-text.ts'

export type Style = Parameters<typeof styleText>[0]

/** The output of a command: results on stdout, messages on stderr. */
export type Printer = {
  /** Whether results are printed as JSON. */
  readonly json: boolean
  /** Whether stderr is a terminal on which a line can be redrawn. */
  readonly live: boolean
  /** Prints a line for people on stdout. */
  readonly line: (text?: string) => void
  /**
   * Prints a message on stderr and escapes hidden characters, so `text` may contain untrusted text.
   */
  readonly note: (text: string) => void
  /** Formats a command so that the reader can type it. */
  readonly command: (command: CommandLine) => string
  /** Formats a hint, with its commands written so that the reader can type them. */
  readonly hint: (hint: Hint) => string
  /** Prints a value as one line of JSON. */
  readonly document: (value: unknown) => void
  /**
   * Waits until stdout accepts more text. A command that prints a lot must wait, so that the text
   * does not pile up in memory. Resolves to false if the reader of stdout has closed it.
   */
  readonly drained: () => Promise<boolean>
  /** Colors text if stdout shows colors. The text must contain no unsafe control characters. */
  readonly paint: (style: Style, text: string) => string
}

/**
 * Makes a printer for a terminal. Colors and the status line need a terminal; NO_COLOR
 * (no-color.org) and --json turn colors off.
 */
export function printer(terminal: Terminal, json: boolean): Printer {
  const { stdout } = terminal
  const color = terminal.isTTY.stdout && !json && (terminal.env['NO_COLOR'] ?? '') === ''
  const command = (words: CommandLine): string => commandText(words, terminal.argv, terminal.call)
  let isRead = true
  stdout.once('error', () => (isRead = false))
  const write = (text: string): void => {
    if (isRead) stdout.write(`${text}\n`)
  }
  return {
    json,
    live: terminal.isTTY.stderr && terminal.env['TERM'] !== 'dumb',
    line: (text = '') => write(text),
    note: (text) => void terminal.stderr.write(`${visibleText(text)}\n`),
    command,
    hint: (hint) => hintText(hint, command, 'lines'),
    document: (value) => write(safeJson(value)),
    drained: async () => {
      // `once` rejects if the reader closes stdout; then there is nothing to wait for.
      if (isRead && stdout.writableNeedDrain) await once(stdout, 'drain').catch(() => {})
      return isRead
    },
    paint: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
  }
}

/** Aligns the cells of rows in columns, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd(),
  )
}

const width = (cell: string): number => stripVTControlCharacters(cell).length
