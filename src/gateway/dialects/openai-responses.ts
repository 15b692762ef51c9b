import { z } from 'zod'
import type { Reading } from '../reading.ts'
import type { ScriptStep, ToolCall } from '../script.ts'
import { serverSentEvent } from '../sse.ts'
import { type Conversation, pieces, textOf, type ChatMessage } from './conversation.ts'
import type { Dialect, Wording } from './dialect.ts'
import { openaiError } from './openai-error.ts'
import { parseRequest } from './request.ts'

/** OpenAI's Responses API: https://developers.openai.com/api/reference/responses */
export const openaiResponses: Dialect = {
  name: 'openai-responses',
  provider: 'openai',
  keyHeader: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  outgoing: (body) => body,
  read,
  conversation,
  error: openaiError,
  wording,
}

const count = z.int().min(0).catch(0)
const Response = z.looseObject({
  object: z.literal('response'),
  model: z.string(),
  service_tier: z.string().nullish().catch(null),
  usage: z.looseObject({
    input_tokens: count,
    input_tokens_details: z
      .looseObject({ cached_tokens: count.optional(), cache_write_tokens: count.optional() })
      .nullish()
      .catch(null),
    output_tokens: count,
  }),
})
const Counted = z.union([z.looseObject({ response: Response }), Response])

/** The counts arrive once, in the whole response or in the last event of a stream. */
function read(message: unknown, known: Reading): Reading {
  const { data } = Counted.safeParse(message)
  if (data === undefined) return known
  const { model, usage, service_tier: tier } = Response.parse(data.response ?? data)
  const cached = usage.input_tokens_details?.cached_tokens ?? 0
  const cacheWrites = usage.input_tokens_details?.cache_write_tokens ?? 0
  return {
    model,
    input: Math.max(0, usage.input_tokens - cached - cacheWrites),
    cached,
    cacheWrites,
    cacheWritesHour: 0,
    output: usage.output_tokens,
    complete: true,
    listPrice: tier === null || tier === undefined || tier === 'default' || tier === 'auto',
  }
}

const Request = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  tools: z.array(z.unknown()).default([]),
  input: z.union([
    z.string(),
    z.array(
      z.looseObject({
        type: z.string().optional(),
        role: z.string().optional(),
        content: z.unknown().optional(),
      }),
    ),
  ]),
})

function conversation(body: unknown): Conversation {
  const { model, stream, tools, input } = parseRequest(Request, body)
  const messages: ChatMessage[] =
    typeof input === 'string'
      ? [{ kind: 'user', text: input }]
      : input.map(({ type, role, content }): ChatMessage => {
          if (type?.endsWith('_output') === true) return { kind: 'tool' }
          return role === 'user' ? { kind: 'user', text: textOf(content) } : { kind: 'assistant' }
        })
  return { model, stream, hasTools: tools.length > 0, messages }
}

type Item = { readonly type: string; readonly id: string; readonly [field: string]: unknown }
type Event = { readonly type: string; readonly [field: string]: unknown }

function wording(step: ScriptStep, { model, messages }: Conversation): Wording {
  const place = messages.length
  const parts = [
    ...(step.thinking === undefined ? [] : [reasoning(step.thinking, place)]),
    ...(step.text === undefined ? [] : [textMessage(step.text, place)]),
    ...step.calls.map((call, at) => toolCall(call, `${place}_${at}`)),
  ]
  const response = {
    id: `resp_${place}`,
    object: 'response',
    created_at: 0,
    model,
    status: 'in_progress',
    output: [],
  }
  const done = {
    ...response,
    status: 'completed',
    output: parts.map(({ item }) => item),
    usage: {
      input_tokens: step.usage.input,
      input_tokens_details: { cached_tokens: step.usage.cached },
      output_tokens: step.usage.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: step.usage.input + step.usage.output,
    },
  }
  const events: Event[] = [
    { type: 'response.created', response },
    ...parts.flatMap((part, index) => partEvents(part, index)),
  ]
  const sent = (event: Event, at: number) =>
    serverSentEvent(event.type, { ...event, sequence_number: at })
  return {
    whole: done,
    events: events.map(sent),
    ending: [sent({ type: 'response.completed', response: done }, events.length)],
  }
}

/**
 * One output item of a scripted response: its state at first, its streamed events, and its final
 * state.
 */
type Part = { readonly initial: Item; readonly deltas: readonly Event[]; readonly item: Item }

function partEvents({ initial, deltas, item }: Part, index: number): Event[] {
  return [
    { type: 'response.output_item.added', output_index: index, item: initial },
    ...deltas.map((delta) => ({ ...delta, item_id: item.id, output_index: index })),
    { type: 'response.output_item.done', output_index: index, item },
  ]
}

function reasoning(thinking: string, place: number): Part {
  const summary = { type: 'summary_text', text: thinking }
  const item = { type: 'reasoning', id: `rs_${place}`, encrypted_content: null }
  return {
    initial: { ...item, summary: [] },
    deltas: [
      {
        type: 'response.reasoning_summary_part.added',
        summary_index: 0,
        part: { ...summary, text: '' },
      },
      { type: 'response.reasoning_summary_text.delta', summary_index: 0, delta: thinking },
      { type: 'response.reasoning_summary_text.done', summary_index: 0, text: thinking },
      { type: 'response.reasoning_summary_part.done', summary_index: 0, part: summary },
    ],
    item: { ...item, summary: [summary] },
  }
}

function textMessage(text: string, place: number): Part {
  const part = { type: 'output_text', text, annotations: [] }
  const item = { type: 'message', id: `msg_${place}`, role: 'assistant' }
  return {
    initial: { ...item, status: 'in_progress', content: [] },
    deltas: [
      { type: 'response.content_part.added', content_index: 0, part: { ...part, text: '' } },
      ...pieces(text).map((delta) => ({
        type: 'response.output_text.delta',
        content_index: 0,
        delta,
      })),
      { type: 'response.output_text.done', content_index: 0, text },
      { type: 'response.content_part.done', content_index: 0, part },
    ],
    item: { ...item, status: 'completed', content: [part] },
  }
}

function toolCall({ name, args, custom, namespace }: ToolCall, place: string): Part {
  const text = typeof args === 'string' ? args : JSON.stringify(args)
  const field = custom ? 'input' : 'arguments'
  const item = {
    type: custom ? 'custom_tool_call' : 'function_call',
    id: `${custom ? 'ctc' : 'fc'}_${place}`,
    call_id: `call_${place}`,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }
  const event = `response.${custom ? 'custom_tool_call_input' : 'function_call_arguments'}`
  return {
    initial: { ...item, [field]: '', status: 'in_progress' },
    deltas: [
      { type: `${event}.delta`, delta: text },
      { type: `${event}.done`, [field]: text },
    ],
    item: { ...item, [field]: text, status: 'completed' },
  }
}
