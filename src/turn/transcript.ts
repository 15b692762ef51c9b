import { Buffer } from 'node:buffer'
import type { AgentUpdate, FileEdit } from '../domain/agent.ts'
import { LINE_BYTES_MAX } from '../domain/attempt.ts'
import { clip } from '../domain/text.ts'

/** Maximum length of ids and tool names, in characters. Longer values are truncated. */
const NAME_MAX = 200

/** Maximum number of file edits in the entry of one tool call. Further edits are dropped. */
const EDITS_MAX = 20

/** A prompt to the agent, or an update from the agent that is not raw output. */
export type TranscriptEntry =
  | { readonly type: 'prompt'; readonly text: string }
  | Exclude<AgentUpdate, { readonly type: 'output' }>

/**
 * One line of the transcript: the entry with its time, as JSON. Long texts are truncated so that
 * the line stays valid JSON and within the log's line limit.
 * @param at milliseconds since the epoch
 */
export function transcriptLine(entry: TranscriptEntry, at: number): string {
  for (let max = LINE_BYTES_MAX; ; max = Math.floor(max / 2)) {
    const line = `${JSON.stringify({ at, ...truncated(entry, max) })}\n`
    if (Buffer.byteLength(line) <= LINE_BYTES_MAX) return line
  }
}

/** The entry with texts of at most `max` characters and names of at most NAME_MAX. */
function truncated(entry: TranscriptEntry, max: number): TranscriptEntry {
  const clipped = (edit: FileEdit): FileEdit => ({
    path: clip(edit.path, NAME_MAX),
    old: edit.old === null ? null : clip(edit.old, max),
    new: clip(edit.new, max),
  })
  switch (entry.type) {
    case 'prompt':
    case 'message':
    case 'thought':
    case 'warning':
      return { ...entry, text: clip(entry.text, max) }
    case 'tool-call':
      return {
        ...entry,
        id: clip(entry.id, NAME_MAX),
        tool: clip(entry.tool, NAME_MAX),
        input: clip(entry.input, max),
        ...(entry.edits === undefined
          ? {}
          : { edits: entry.edits.slice(0, EDITS_MAX).map(clipped) }),
      }
    case 'tool-result':
      return { ...entry, id: clip(entry.id, NAME_MAX), output: clip(entry.output, max) }
    case 'session':
      return { ...entry, session: clip(entry.session, NAME_MAX) }
    case 'usage':
      return entry
    // Unreachable, as the compiler checks; the linter requires a default case.
    default:
      return entry satisfies never
  }
}
