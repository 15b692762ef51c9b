import type { SessionUpdate, ToolCallContent, ToolKind } from '@agentclientprotocol/sdk'
import type { LanguageModelUsage, TextStreamPart, ToolSet } from 'ai'
import { z } from 'zod'

const KINDS: Readonly<Record<string, ToolKind>> = {
  read: 'read',
  write: 'edit',
  edit: 'edit',
  list: 'search',
  search: 'search',
  bash: 'execute',
  run_tests: 'execute',
}

/**
 * Converts a part of the model's stream to an update for the client. Returns null if the client
 * needs no update.
 * @param size the size of the context window, in tokens
 */
export function updateOf(part: TextStreamPart<ToolSet>, size: number): SessionUpdate | null {
  const { type } = part
  if (type === 'text-delta') {
    return { sessionUpdate: 'agent_message_chunk', content: text(part.text) }
  }
  if (type === 'reasoning-delta') {
    return { sessionUpdate: 'agent_thought_chunk', content: text(part.text) }
  }
  if (type === 'tool-call') return toolStarted(part)
  if (type === 'tool-result') return toolEnded(part.toolCallId, 'completed', wordsOf(part.output))
  if (type === 'tool-error') return toolEnded(part.toolCallId, 'failed', wordsOf(part.error))
  if (type === 'finish-step') return usageUpdate(part.usage, size)
  return null
}

const text = (words: string) => ({ type: 'text' as const, text: words })

const toolStarted = (call: {
  toolCallId: string
  toolName: string
  input: unknown
}): SessionUpdate => ({
  sessionUpdate: 'tool_call',
  toolCallId: call.toolCallId,
  title: call.toolName,
  name: call.toolName,
  kind: KINDS[call.toolName] ?? 'other',
  status: 'in_progress',
  rawInput: call.input,
  content: editOf(call),
})

const Edit = z.object({ path: z.string(), old: z.string(), new: z.string() })
const Write = z.object({ path: z.string(), content: z.string() })

/** Converts an edit or write call to a diff that people can read. Other calls have no diff. */
function editOf({ toolName, input }: { toolName: string; input: unknown }): ToolCallContent[] {
  if (toolName === 'edit') {
    const { data } = Edit.safeParse(input)
    if (data === undefined) return []
    return [{ type: 'diff', path: data.path, oldText: data.old, newText: data.new }]
  }
  const { data } = toolName === 'write' ? Write.safeParse(input) : { data: undefined }
  return data === undefined ? [] : [{ type: 'diff', path: data.path, newText: data.content }]
}

function usageUpdate(
  { inputTokens = 0, outputTokens = 0 }: LanguageModelUsage,
  size: number,
): SessionUpdate {
  const used = inputTokens + outputTokens
  return { sessionUpdate: 'usage_update', used, size, _meta: { inputTokens, outputTokens } }
}

const toolEnded = (
  toolCallId: string,
  status: 'completed' | 'failed',
  words: string,
): SessionUpdate => ({
  sessionUpdate: 'tool_call_update',
  toolCallId,
  status,
  content: [{ type: 'content', content: text(words) }],
})

function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value instanceof Error ? value.message : JSON.stringify(value)
}
