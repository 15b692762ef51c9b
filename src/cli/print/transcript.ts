import { z } from 'zod'
import type { LogStream } from '../../domain/attempt.ts'
import type { Printer } from './printer.ts'
import { escapeHidden, safeJson, safeLine, safeText } from './safe-text.ts'

const LINES_OF_RESULT = 6
const LINES_OF_PROMPT = 30
const LINE_LENGTH = 200

/** Lines of a transcript, read leniently: a newer worker may know more kinds than this program. */
const Update = z.discriminatedUnion('type', [
  z.object({ type: z.literal('prompt'), text: z.string() }),
  z.object({ type: z.literal('message'), text: z.string() }),
  z.object({ type: z.literal('thought'), text: z.string() }),
  z.object({ type: z.literal('tool-call'), tool: z.string(), input: z.string() }),
  z.object({ type: z.literal('tool-result'), output: z.string(), failed: z.boolean() }),
  z.object({ type: z.literal('warning'), text: z.string() }),
  z.object({ type: z.literal('output'), stream: z.string(), text: z.string() }),
])

/** A part of a log as it is shown, with the time at which it was written where it says so. */
export type LogBlock = { readonly at: number | null; readonly text: string }

/**
 * Lines of a log, as few blocks as their times allow: printing line by line would take longer than
 * everything else.
 */
export function logBlocks(
  lines: readonly string[],
  stream: LogStream,
  printer: Printer,
): readonly LogBlock[] {
  const shown = lines.flatMap((line) => {
    const text = logLine(line, stream, printer)
    return text === null ? [] : [{ at: stream === 'transcript' ? writtenAt(line) : null, text }]
  })
  if (stream === 'transcript') return shown
  return shown.length === 0 ? [] : [{ at: null, text: shown.map(({ text }) => text).join('\n') }]
}

/** One line of a log, readable or as JSON; null for what only programs need. */
export function logLine(line: string, stream: LogStream, printer: Printer): string | null {
  if (stream === 'transcript') {
    return printer.json ? escapeHidden(line) : transcriptText(line, printer.paint)
  }
  return printer.json ? safeJson({ text: line }) : safeText(line)
}

/** When a line of a transcript was written, milliseconds since the epoch; null where it does not say. */
function writtenAt(line: string): number | null {
  const stamped = Stamped.safeParse(parseJson(line))
  return stamped.success ? stamped.data.at : null
}

const Stamped = z.object({ at: z.number() })

function transcriptText(line: string, paint: Printer['paint']): string | null {
  const json = parseJson(line)
  if (json === undefined) return safeLine(line)
  const update = Update.safeParse(json)
  if (!update.success) return null
  switch (update.data.type) {
    case 'prompt':
      return `${paint('bold', '▸ prompt')}\n${paint('dim', indented(update.data.text, LINES_OF_PROMPT))}`
    case 'message':
      return safeText(update.data.text).trimEnd()
    case 'thought':
      return paint('dim', indented(update.data.text))
    case 'tool-call':
      return `${paint('cyan', `▸ ${safeLine(update.data.tool)}`)} ${cut(safeLine(update.data.input))}`
    case 'tool-result':
      return paint(update.data.failed ? 'red' : 'dim', indented(update.data.output))
    case 'warning':
      return paint('yellow', `warning: ${safeLine(update.data.text)}`)
    case 'output':
      return safeText(update.data.text).trimEnd()
  }
}

/** Cuts a stream of text into whole lines; the rest waits for more, or for the end. */
export function lineSplitter(): {
  push(text: string): readonly string[]
  end(): readonly string[]
} {
  let rest = ''
  return {
    push: (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      return lines
    },
    end: () => {
      const lines = rest === '' ? [] : [rest]
      rest = ''
      return lines
    },
  }
}

function indented(text: string, linesMax = LINES_OF_RESULT): string {
  const lines = safeText(text).trimEnd().split('\n')
  const shown = lines.slice(0, linesMax).map((line) => `    ${cut(line)}`)
  const left = lines.length - shown.length
  return [...shown, ...(left > 0 ? [`    … ${left} more lines`] : [])].join('\n')
}

const cut = (line: string): string =>
  line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
