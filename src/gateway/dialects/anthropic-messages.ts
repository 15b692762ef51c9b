import { z } from 'zod'
import type { Reading } from '../reading.ts'
import type { ScriptStep } from '../script.ts'
import { serverSentEvent } from '../sse.ts'
import { type Conversation, pieces, textOf, type ChatMessage } from './conversation.ts'
import type { Dialect, GatewayError, Wording } from './dialect.ts'
import { parseRequest } from './request.ts'

/** Anthropic's Messages API: https://platform.claude.com/docs/en/api/messages */
export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  provider: 'anthropic',
  keyHeader: (apiKey) => ({ 'x-api-key': apiKey }),
  outgoing: (body) => body,
  read,
  conversation,
  error,
  wording,
}

const count = z.int().min(0).optional().catch(undefined)
const Usage = z.looseObject({
  input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  cache_creation: z.looseObject({ ephemeral_1h_input_tokens: count }).nullish().catch(null),
  output_tokens: count,
  service_tier: z.string().nullish().catch(null),
  speed: z.string().nullish().catch(null),
})
const Message = z.looseObject({ type: z.literal('message'), model: z.string(), usage: Usage })
const Counted = z.union([
  Message,
  z.looseObject({ type: z.literal('message_start'), message: Message }),
  z.looseObject({ type: z.literal('message_delta'), usage: Usage }),
])

/**
 * The event `message_start` reports the input tokens. Each `message_delta` reports totals, not
 * increments, so its counts replace the known ones.
 */
function read(message: unknown, known: Reading): Reading {
  const { data } = Counted.safeParse(message)
  if (data === undefined) return known
  if (data.type === 'message_start') {
    return { ...counts(data.message.usage, known), model: data.message.model }
  }
  const counted = { ...counts(data.usage, known), complete: true }
  return data.type === 'message' ? { ...counted, model: data.model } : counted
}

function counts(usage: z.infer<typeof Usage>, known: Reading): Reading {
  const writes = usage.cache_creation_input_tokens ?? known.cacheWrites + known.cacheWritesHour
  const hour = usage.cache_creation?.ephemeral_1h_input_tokens ?? known.cacheWritesHour
  return {
    ...known,
    input: usage.input_tokens ?? known.input,
    cached: usage.cache_read_input_tokens ?? known.cached,
    cacheWrites: Math.max(0, writes - hour),
    cacheWritesHour: hour,
    output: usage.output_tokens ?? known.output,
    listPrice:
      known.listPrice &&
      (usage.service_tier ?? 'standard') === 'standard' &&
      (usage.speed ?? 'standard') === 'standard',
  }
}

const Request = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  tools: z.array(z.unknown()).default([]),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })),
})

function conversation(body: unknown): Conversation {
  const request = parseRequest(Request, body)
  return {
    model: request.model,
    stream: request.stream,
    hasTools: request.tools.length > 0,
    messages: request.messages.flatMap(({ role, content }) =>
      role === 'user' ? userMessages(content) : [{ kind: 'assistant' as const }],
    ),
  }
}

const ToolResult = z.looseObject({ type: z.literal('tool_result') })

const isResult = (part: unknown): boolean => ToolResult.safeParse(part).success

/** Converts a user message, which may contain tool results followed by text. */
function userMessages(content: unknown): ChatMessage[] {
  const parts: readonly unknown[] = Array.isArray(content) ? content : [content]
  const results = parts.filter(isResult).map((): ChatMessage => ({ kind: 'tool' }))
  const text = Array.isArray(content)
    ? textOf(parts.filter((part) => !isResult(part)))
    : textOf(content)
  return text === '' && results.length > 0 ? results : [...results, { kind: 'user', text }]
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
}

function error({ status, message }: GatewayError): unknown {
  const type = ERROR_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  return { type: 'error', error: { type, message } }
}

type Block =
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown }

function wording(step: ScriptStep, { model, messages }: Conversation): Wording {
  const content = blocks(step, messages.length)
  const usage = {
    input_tokens: Math.max(0, step.usage.input - step.usage.cached),
    cache_read_input_tokens: step.usage.cached,
    cache_creation_input_tokens: 0,
    output_tokens: step.usage.output,
  }
  const end = { stop_reason: step.calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null }
  const message = { id: `msg_${messages.length}`, type: 'message', role: 'assistant', model }
  const open = { ...message, content: [], stop_reason: null, stop_sequence: null }
  return {
    whole: { ...message, content, ...end, usage },
    events: [
      event('message_start', { message: { ...open, usage: { ...usage, output_tokens: 0 } } }),
      event('ping', {}),
      ...content.flatMap(blockEvents),
    ],
    ending: [
      event('message_delta', { delta: end, usage: { output_tokens: usage.output_tokens } }),
      event('message_stop', {}),
    ],
  }
}

const event = (type: string, fields: object): string => serverSentEvent(type, { type, ...fields })

function blocks(step: ScriptStep, place: number): Block[] {
  const content: Block[] = []
  if (step.thinking !== undefined) {
    content.push({ type: 'thinking', thinking: step.thinking, signature: 'scripted' })
  }
  if (step.text !== undefined) content.push({ type: 'text', text: step.text })
  const calls = step.calls.map(({ name, args }, at): Block => {
    const input = typeof args === 'string' ? { input: args } : args
    return { type: 'tool_use', id: `toolu_${place}_${at}`, name, input }
  })
  return [...content, ...calls]
}

function blockEvents(block: Block, index: number): string[] {
  return [
    event('content_block_start', { index, content_block: { ...block, ...EMPTY[block.type] } }),
    ...deltas(block).map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ]
}

const EMPTY = {
  thinking: { thinking: '', signature: '' },
  text: { text: '' },
  tool_use: { input: {} },
} as const satisfies Record<Block['type'], object>

function deltas(block: Block): object[] {
  if (block.type === 'text') {
    return pieces(block.text).map((text) => ({ type: 'text_delta', text }))
  }
  if (block.type === 'thinking') {
    return [
      { type: 'thinking_delta', thinking: block.thinking },
      { type: 'signature_delta', signature: block.signature },
    ]
  }
  return pieces(JSON.stringify(block.input), 64).map((json) => ({
    type: 'input_json_delta',
    partial_json: json,
  }))
}
