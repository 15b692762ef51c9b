import { z } from 'zod'
import type { Reading } from '../reading.ts'
import type { ScriptStep } from '../script.ts'
import { serverSentEvent } from '../sse.ts'
import { type Conversation, pieces, textOf, type ChatMessage } from './conversation.ts'
import type { Dialect, Wording } from './dialect.ts'
import { openaiError } from './openai-error.ts'
import { parseRequest } from './request.ts'

/** OpenAI's Chat Completions API, which most other model servers also implement. */
export const openaiChat: Dialect = {
  name: 'openai-chat',
  provider: 'openai',
  keyHeader: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  outgoing: withUsage,
  read,
  conversation,
  error: openaiError,
  wording,
}

const Streaming = z.looseObject({
  stream: z.literal(true),
  stream_options: z.looseObject({}).nullish(),
})

/**
 * Adds `include_usage` to a request for a stream, because the stream does not report token counts
 * without it. The meter needs the counts.
 */
function withUsage(body: Buffer): Buffer {
  const { data } = Streaming.safeParse(parse(body))
  if (data === undefined || data.stream_options?.['include_usage'] === true) return body
  const options = { ...data.stream_options, include_usage: true }
  return Buffer.from(JSON.stringify({ ...data, stream_options: options }))
}

/**
 * Returns undefined for invalid JSON. Such a body is forwarded unchanged, so the upstream reports
 * the error.
 */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

const count = z.int().min(0).catch(0)
const Counted = z.looseObject({
  model: z.string().nullish().catch(null),
  service_tier: z.string().nullish().catch(null),
  usage: z.looseObject({
    prompt_tokens: count,
    prompt_tokens_details: z
      .looseObject({ cached_tokens: count.optional(), cache_write_tokens: count.optional() })
      .nullish()
      .catch(null),
    completion_tokens: count,
  }),
})

/**
 * The counts are in a whole response or in one of the last chunks of a stream. A server that sends
 * them repeatedly sends totals, so the latest counts replace earlier ones.
 */
function read(message: unknown, known: Reading): Reading {
  const { data } = Counted.safeParse(message)
  if (data === undefined) return known
  const { usage, service_tier: tier } = data
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0
  const cacheWrites = usage.prompt_tokens_details?.cache_write_tokens ?? 0
  return {
    model: data.model ?? known.model,
    input: Math.max(0, usage.prompt_tokens - cached - cacheWrites),
    cached,
    cacheWrites,
    cacheWritesHour: 0,
    output: usage.completion_tokens,
    complete: true,
    listPrice: tier === null || tier === undefined || tier === 'default' || tier === 'auto',
  }
}

const Request = z.looseObject({
  model: z.string(),
  stream: z.boolean().nullish(),
  tools: z.array(z.unknown()).nullish(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })),
})

function conversation(body: unknown): Conversation {
  const { model, stream, tools, messages } = parseRequest(Request, body)
  return {
    model,
    stream: stream ?? false,
    hasTools: (tools?.length ?? 0) > 0,
    messages: messages.map(({ role, content }): ChatMessage => {
      if (role === 'user') return { kind: 'user', text: textOf(content) }
      return { kind: role === 'tool' ? 'tool' : 'assistant' }
    }),
  }
}

function wording(step: ScriptStep, { model, messages }: Conversation): Wording {
  const place = messages.length
  const calls = step.calls.map(({ name, args }, at) => ({
    id: `call_${place}_${at}`,
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  }))
  const finish = calls.length > 0 ? 'tool_calls' : 'stop'
  const usage = {
    prompt_tokens: step.usage.input,
    prompt_tokens_details: { cached_tokens: step.usage.cached },
    completion_tokens: step.usage.output,
    total_tokens: step.usage.input + step.usage.output,
  }
  const base = { id: `chatcmpl_${place}`, created: 0, model }
  const chunk = (fields: object) =>
    serverSentEvent(null, { ...base, object: 'chat.completion.chunk', ...fields })
  const delta = (fields: object, end: string | null = null) =>
    chunk({ choices: [{ index: 0, delta: fields, finish_reason: end }] })
  const message = {
    role: 'assistant',
    content: step.text ?? null,
    ...(step.thinking === undefined ? {} : { reasoning_content: step.thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  return {
    whole: {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: finish }],
      usage,
    },
    events: [
      delta({ role: 'assistant', content: '' }),
      ...(step.thinking === undefined ? [] : [delta({ reasoning_content: step.thinking })]),
      ...(step.text === undefined ? [] : pieces(step.text).map((content) => delta({ content }))),
      ...calls.map((call, index) => delta({ tool_calls: [{ index, ...call }] })),
    ],
    ending: [delta({}, finish), chunk({ choices: [], usage }), 'data: [DONE]\n\n'],
  }
}
