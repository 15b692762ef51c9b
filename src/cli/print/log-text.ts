import type { LogStream } from '../../domain/attempt.ts'
import { escapeHidden, safeJson, safeText } from '../../words/safe-text.ts'
import { transcriptText } from '../../words/transcript.ts'
import { withoutWorkspace } from '../../words/workspace-path.ts'
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
  if (json) return stream === 'transcript' ? escapeHidden(line) : safeJson({ text: line })
  const text = stream === 'transcript' ? transcriptText(line, paint) : safeText(line)
  return text === null ? null : withoutWorkspace(text)
}
