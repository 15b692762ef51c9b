import { Buffer } from 'node:buffer'
import type { AgentUpdate } from '../domain/agent.ts'
import { LINE_BYTES_MAX } from '../domain/attempt.ts'
import { clip } from '../domain/text.ts'

/** Names come from the agent, too, and may be of any length. */
const NAME_MAX = 200

/** What the platform told the agent, and what the agent said and did, apart from its raw output. */
export type Said =
  | { readonly type: 'prompt'; readonly text: string }
  | Exclude<AgentUpdate, { readonly type: 'output' }>

/**
 * One line of the transcript: the update with the time it came, as JSON. Long texts are cut so
 * that the line stays whole JSON within the log's limit.
 * @param at milliseconds since the epoch
 */
export function transcriptLine(update: Said, at: number): string {
  for (let max = LINE_BYTES_MAX; ; max = Math.floor(max / 2)) {
    const line = `${JSON.stringify({ at, ...withTexts(update, max) })}\n`
    if (Buffer.byteLength(line) <= LINE_BYTES_MAX) return line
  }
}

/** The update with none of its texts longer than `max` characters, and short names. */
function withTexts(update: Said, max: number): Said {
  switch (update.type) {
    case 'prompt':
    case 'message':
    case 'thought':
    case 'warning':
      return { ...update, text: clip(update.text, max) }
    case 'tool-call':
      return {
        ...update,
        id: clip(update.id, NAME_MAX),
        tool: clip(update.tool, NAME_MAX),
        input: clip(update.input, max),
      }
    case 'tool-result':
      return { ...update, id: clip(update.id, NAME_MAX), output: clip(update.output, max) }
    case 'session':
      return { ...update, session: clip(update.session, NAME_MAX) }
    case 'usage':
      return update
    // The linter wants an end of the function, the compiler knows there is none.
    default:
      return update satisfies never
  }
}
