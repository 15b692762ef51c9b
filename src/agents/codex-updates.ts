// Parses the output of `codex exec --json`, one event per line (as of 0.169.0). An unknown event or
// item, perhaps from a newer version, becomes a warning, never a failure.
import { z } from 'zod'
import type { AgentUpdate } from '../domain/agent.ts'

/** What one line means: its updates and, if the line ends the turn, how the turn ended. */
export type CodexLine = {
  readonly updates: readonly AgentUpdate[]
  readonly end?: { readonly failed: false } | { readonly failed: true; readonly message: string }
}

export function readCodexLine(line: string): CodexLine {
  const event = Event.safeParse(parseJson(line))
  if (event.success) return readEvent(event.data)
  const shown = line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX)}…` : line
  return warning(`codex printed an unknown event: ${shown}`)
}

const SHOWN_MAX = 500

const text = z.string().default('')
const Item = z.discriminatedUnion('type', [
  z.object({ type: z.literal('agent_message'), id: text, text }),
  z.object({ type: z.literal('reasoning'), id: text, text }),
  z.object({
    type: z.literal('command_execution'),
    id: text,
    command: text,
    aggregated_output: text,
    exit_code: z.int().nullish(),
  }),
  z.object({
    type: z.literal('file_change'),
    id: text,
    changes: z.array(z.object({ path: text, kind: text })).default([]),
    status: text,
  }),
  z.object({
    type: z.literal('mcp_tool_call'),
    id: text,
    server: text,
    tool: text,
    arguments: z.unknown().optional(),
    result: z.unknown().optional(),
    error: z.unknown().optional(),
    status: text,
  }),
  z.object({ type: z.literal('web_search'), id: text, query: text }),
  z.object({ type: z.literal('todo_list'), id: text }),
  z.object({ type: z.literal('error'), id: text, message: text }),
])
type Item = z.infer<typeof Item>

const tokens = z.int().min(0).default(0)
const Event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: z.string().min(1) }),
  z.object({ type: z.literal('turn.started') }),
  z.object({ type: z.literal('item.started'), item: Item }),
  z.object({ type: z.literal('item.updated'), item: Item }),
  z.object({ type: z.literal('item.completed'), item: Item }),
  z.object({
    type: z.literal('turn.completed'),
    usage: z.object({ input_tokens: tokens, output_tokens: tokens }).optional(),
  }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: text }) }),
  z.object({ type: z.literal('error'), message: text }),
])
type Event = z.infer<typeof Event>

const warning = (words: string): CodexLine => ({ updates: [{ type: 'warning', text: words }] })
const NOTHING: CodexLine = { updates: [] }

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function readEvent(event: Event): CodexLine {
  switch (event.type) {
    case 'thread.started':
      return { updates: [{ type: 'session', session: event.thread_id }] }
    case 'turn.started':
    case 'item.updated':
      return NOTHING
    case 'item.started':
      return { updates: started(event.item) }
    case 'item.completed':
      return { updates: finished(event.item) }
    case 'turn.completed':
      return { updates: usage(event), end: { failed: false } }
    case 'turn.failed':
      return { updates: [], end: { failed: true, message: event.error.message } }
    // This event does not end the turn: Codex also sends it when it is about to reconnect.
    case 'error':
      return warning(event.message)
  }
}

function usage({ usage: used }: Extract<Event, { type: 'turn.completed' }>): AgentUpdate[] {
  if (used === undefined) return []
  const { input_tokens: inputTokens, output_tokens: outputTokens } = used
  return [{ type: 'usage', inputTokens, outputTokens }]
}

function started(item: Item): AgentUpdate[] {
  switch (item.type) {
    case 'command_execution':
      return [{ type: 'tool-call', id: item.id, tool: 'shell', input: item.command }]
    case 'file_change':
      return [{ type: 'tool-call', id: item.id, tool: 'edit', input: changesOf(item) }]
    case 'mcp_tool_call': {
      const tool = `${item.server}.${item.tool}`
      return [{ type: 'tool-call', id: item.id, tool, input: json(item.arguments) }]
    }
    case 'web_search':
      return [{ type: 'tool-call', id: item.id, tool: 'web-search', input: item.query }]
    case 'agent_message':
    case 'reasoning':
    case 'todo_list':
    case 'error':
      return []
  }
}

function finished(item: Item): AgentUpdate[] {
  switch (item.type) {
    case 'agent_message':
      return [{ type: 'message', text: item.text }]
    case 'reasoning':
      return [{ type: 'thought', text: item.text }]
    case 'command_execution':
      return [result(item.id, item.aggregated_output, item.exit_code !== 0)]
    case 'file_change':
      return [result(item.id, changesOf(item), item.status !== 'completed')]
    case 'mcp_tool_call':
      return [result(item.id, json(item.error ?? item.result), item.status !== 'completed')]
    case 'web_search':
      return [result(item.id, '', false)]
    case 'error':
      return [{ type: 'warning', text: item.message }]
    case 'todo_list':
      return []
  }
}

const result = (id: string, output: string, failed: boolean): AgentUpdate => ({
  type: 'tool-result',
  id,
  output,
  failed,
})

const changesOf = ({ changes }: Extract<Item, { type: 'file_change' }>): string =>
  changes.map(({ path, kind }) => `${kind} ${path}`).join('\n')

const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value))
