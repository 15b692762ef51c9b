import type { LogStream } from '../../domain/attempt.ts'
import { escapeHidden, safeJson, safeText } from '../../words/safe-text.ts'
import { transcriptText } from '../../words/transcript.ts'
import type { Printer } from './printer.ts'

/**
 * Formats lines of a log, as text or as JSON. Returns them as one string, because printing line by
 * line is slow. Returns null if none of the lines is shown.
 */
export function logText(
  lines: readonly string[],
  stream: LogStream,
  printer: Pick<Printer, 'json' | 'paint'>,
): string | null {
  const shown = lines.flatMap((line) => logLine(line, stream, printer) ?? [])
  return shown.length === 0 ? null : shown.join('\n')
}

function logLine(
  line: string,
  stream: LogStream,
  { json, paint }: Pick<Printer, 'json' | 'paint'>,
): string | null {
  if (stream === 'transcript') return json ? escapeHidden(line) : transcriptText(line, paint)
  return json ? safeJson({ text: line }) : safeText(line)
}
