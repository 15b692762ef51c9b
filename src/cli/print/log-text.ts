import type { LogStream } from '../../domain/attempt.ts'
import { escapeHidden, safeJson, safeText } from '../../words/safe-text.ts'
import { transcriptText } from '../../words/transcript.ts'
import type { Printer } from './printer.ts'

/**
 * Lines of a log, readable or as JSON, in one text: printing line by line would take longer than
 * everything else. Null when none of them is for people.
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
