import { once } from 'node:events'
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Terminal } from '../terminal.ts'
import { type CommandLine, type Hint, hintText } from '../../domain/hint.ts'
import { commandText } from './command-text.ts'
import { safeJson } from '../../words/safe-text.ts'

export type Style = Parameters<typeof styleText>[0]

/** Where a command's words go. Results to stdout; whatever is said about them to stderr. */
export type Printer = {
  /** Whether stdout takes JSON instead of words. */
  readonly json: boolean
  /** Whether a person sees stderr live, so that a line may be drawn again and again. */
  readonly live: boolean
  /** Words for people on stdout. */
  readonly line: (text?: string) => void
  /** A message beside the result. */
  readonly note: (text: string) => void
  /** A command as it can be typed here. */
  readonly command: (command: CommandLine) => string
  /** What to do next, with its commands as they can be typed here. */
  readonly hint: (hint: Hint) => string
  /** The result as one JSON document, or one of several JSON lines. */
  readonly document: (value: unknown) => void
  /** Waits until stdout takes more; whoever prints much must. False: nobody reads it any more. */
  readonly drained: () => Promise<boolean>
  /** Colours text when stdout shows colours. The text must be safe already. */
  readonly paint: (style: Style, text: string) => string
}

/** Colour and the live line need a terminal; NO_COLOR (no-color.org) and --json turn colour off. */
export function printer(terminal: Terminal, json: boolean): Printer {
  const { stdout } = terminal
  const colour = terminal.isTTY.stdout && !json && (terminal.env['NO_COLOR'] ?? '') === ''
  const command = (words: CommandLine): string => commandText(words, terminal.argv)
  let isRead = true
  stdout.once('error', () => (isRead = false))
  const write = (text: string): void => {
    if (isRead) stdout.write(`${text}\n`)
  }
  return {
    json,
    live: terminal.isTTY.stderr && terminal.env['TERM'] !== 'dumb',
    line: (text = '') => write(text),
    note: (text) => void terminal.stderr.write(`${text}\n`),
    command,
    hint: (hint) => hintText(hint, command),
    document: (value) => write(safeJson(value)),
    drained: async () => {
      // It rejects when the reader went away meanwhile; then there is nothing to wait for.
      if (isRead && stdout.writableNeedDrain) await once(stdout, 'drain').catch(() => {})
      return isRead
    },
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
  }
}

/** Columns on a terminal: one space more than the longest cell; the last one is not padded. */
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
