import type { SessionUpdate, ToolCallContent } from '@agentclientprotocol/sdk'
import { z } from 'zod'
import type { AgentUpdate, FileEdit } from '../domain/agent.ts'
import { SUMMARY_MAX } from '../domain/outcome.ts'
import { clip } from '../domain/text.ts'

/** Streamed text is joined until it has at least this many characters; then it is forwarded. */
const PIECE_LENGTH = 2000

const Counts = z.object({ inputTokens: z.int().min(0), outputTokens: z.int().min(0) })

/**
 * Turns the agent's protocol notifications into updates. Joins text that arrives in small pieces.
 */
export class AcpUpdates {
  readonly #onUpdate: (update: AgentUpdate) => void
  #joining: 'message' | 'thought' = 'message'
  #joined = ''
  #summary = ''

  constructor(onUpdate: (update: AgentUpdate) => void) {
    this.#onUpdate = onUpdate
  }

  /** The agent's messages since its last tool call, truncated to `SUMMARY_MAX`. */
  get summary(): string {
    return this.#summary.trim()
  }

  receive(update: SessionUpdate): void {
    const kind = update.sessionUpdate
    if (kind === 'agent_message_chunk') this.#join('message', wordsOf(update.content))
    else if (kind === 'agent_thought_chunk') this.#join('thought', wordsOf(update.content))
    else if (kind === 'tool_call') this.#call(update)
    else if (kind === 'tool_call_update') this.#result(update)
    else if (kind === 'usage_update') this.#usage(update)
  }

  /** Forwards the text joined so far. */
  flush(): void {
    if (this.#joined !== '') this.#onUpdate({ type: this.#joining, text: this.#joined })
    this.#joined = ''
  }

  #join(type: 'message' | 'thought', words: string): void {
    if (type !== this.#joining) this.flush()
    this.#joining = type
    this.#joined += words
    if (type === 'message') this.#summary = clip(this.#summary + words, SUMMARY_MAX)
    if (this.#joined.length >= PIECE_LENGTH) this.flush()
  }

  #call(call: Extract<SessionUpdate, { sessionUpdate: 'tool_call' }>): void {
    this.flush()
    this.#summary = ''
    this.#onUpdate({
      type: 'tool-call',
      id: call.toolCallId,
      tool: call.name ?? call.title,
      input: JSON.stringify(call.rawInput ?? null),
      ...editsIn(call.content ?? []),
    })
    if (call.status === 'completed' || call.status === 'failed') this.#result(call)
  }

  #result(update: {
    readonly toolCallId: string
    readonly status?: string | null
    readonly content?: readonly ToolCallContent[] | null
    readonly rawOutput?: unknown
  }): void {
    if (update.status !== 'completed' && update.status !== 'failed') return
    this.flush()
    const words = update.content?.map(contentWords).join('\n')
    this.#onUpdate({
      type: 'tool-result',
      id: update.toolCallId,
      output: words ?? JSON.stringify(update.rawOutput ?? null),
      failed: update.status === 'failed',
    })
  }

  /**
   * Forwards the token counts. The protocol has no field for them, only for the size of the
   * context, so our built-in agent sends its counts in `_meta`.
   */
  #usage({ _meta: meta }: Extract<SessionUpdate, { sessionUpdate: 'usage_update' }>): void {
    const { data } = Counts.safeParse(meta)
    if (data !== undefined) this.#onUpdate({ type: 'usage', ...data })
  }
}

/** The file edits in the content of a tool call; an empty object if the content has no edits. */
function editsIn(content: readonly ToolCallContent[]): { readonly edits?: readonly FileEdit[] } {
  const edits = content.flatMap((part) =>
    part.type === 'diff' ? [{ path: part.path, old: part.oldText ?? null, new: part.newText }] : [],
  )
  return edits.length === 0 ? {} : { edits }
}

function contentWords(content: ToolCallContent): string {
  if (content.type === 'content') return wordsOf(content.content)
  return content.type === 'diff' ? `changed ${content.path}` : ''
}

const wordsOf = (content: { readonly type: string; readonly text?: string }): string =>
  content.type === 'text' ? (content.text ?? '') : `[${content.type}]`
