import { expect, it } from 'vitest'
import { GatewaySettings } from '../../src/gateway/settings.ts'
import { aFence, aGateway, aModelServer } from '../support/gateway.ts'
import { describeNeeding } from '../support/needs.ts'

/** The answer of the model server, and its content type. */
type Said = { readonly path: string; readonly body: string; readonly streamed: boolean }

const streamed = (path: string, ...events: object[]): Said => ({
  path,
  streamed: true,
  body: events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''),
})
const whole = (path: string, answer: object): Said => ({
  path,
  streamed: false,
  body: JSON.stringify(answer),
})

const anthropicUsage = {
  input_tokens: 100,
  cache_read_input_tokens: 1000,
  cache_creation_input_tokens: 50,
  output_tokens: 1,
}
const anthropicMessage = {
  type: 'message',
  model: 'claude-opus-4-5-20251101',
  usage: anthropicUsage,
}
const responsesUsage = {
  input_tokens: 1150,
  input_tokens_details: { cached_tokens: 1000 },
  output_tokens: 20,
}
const response = { object: 'response', model: 'gpt-5-2025-08-07', usage: responsesUsage }
const chatUsage = {
  prompt_tokens: 1150,
  prompt_tokens_details: { cached_tokens: 1000 },
  completion_tokens: 20,
}

const ANTHROPIC_COST = (100 * 5 + 1000 * 0.5 + 50 * 6.25 + 20 * 25) / 1e6
const OPENAI_COST = (150 * 1.25 + 1000 * 0.125 + 20 * 10) / 1e6

describeNeeding(['patience'], 'the meter', () => {
  it.each([
    {
      dialect: 'a stream of Anthropic messages',
      said: streamed(
        '/anthropic/v1/messages',
        { type: 'message_start', message: anthropicMessage },
        { type: 'content_block_delta', delta: { type: 'text_delta', text: 'the "usage" of é' } },
        { type: 'message_delta', usage: { output_tokens: 20 } },
      ),
      cost: ANTHROPIC_COST,
    },
    {
      dialect: 'a whole Anthropic message',
      said: whole('/anthropic/v1/messages', {
        ...anthropicMessage,
        usage: { ...anthropicUsage, output_tokens: 20 },
      }),
      cost: ANTHROPIC_COST,
    },
    {
      dialect: 'a stream of OpenAI responses',
      said: streamed(
        '/openai/v1/responses',
        { type: 'response.created', response: { ...response, usage: null } },
        { type: 'response.completed', response },
      ),
      cost: OPENAI_COST,
    },
    {
      dialect: 'a whole OpenAI response',
      said: whole('/openai/v1/responses', response),
      cost: OPENAI_COST,
    },
    {
      dialect: 'a stream of chat completions',
      said: streamed(
        '/openai/v1/chat/completions',
        { model: 'gpt-5', choices: [{ delta: { content: 'hi' } }], usage: null },
        { model: 'gpt-5', choices: [], usage: chatUsage },
      ),
      cost: OPENAI_COST,
    },
    {
      dialect: 'a whole chat completion',
      said: whole('/openai/v1/chat/completions', { model: 'gpt-5', usage: chatUsage }),
      cost: OPENAI_COST,
    },
  ])('counts and prices $dialect', async ({ said, cost }) => {
    const usage = await usageAfter([said, said])
    expect(usage).toMatchObject({
      requests: 2,
      inputTokens: 2300,
      cachedInputTokens: 2000,
      outputTokens: 40,
      replayed: false,
    })
    expect(usage.costUsd).toBeCloseTo(2 * cost, 9)
    expect(usage.models).toHaveLength(1)
  })

  it('knows no cost of an attempt in which one model has no known price', async () => {
    const known = whole('/openai/v1/responses', response)
    const unknown = whole('/openai/v1/responses', { ...response, model: 'house-model' })
    expect(await usageAfter([known, unknown])).toMatchObject({
      inputTokens: 2300,
      costUsd: 'unknown',
      models: ['gpt-5-2025-08-07', 'house-model'],
    })
  })

  it.each([
    { what: 'that was cut off', said: streamed('/openai/v1/responses', { type: 'delta' }) },
    {
      what: 'in another tier than the listed one',
      said: whole('/openai/v1/responses', { ...response, service_tier: 'priority' }),
    },
    {
      what: 'to a prompt beyond the listed length',
      said: whole('/openai/v1/responses', {
        ...response,
        usage: { ...responsesUsage, input_tokens: 300_000 },
      }),
    },
    { what: 'without counts', said: whole('/openai/v1/chat/completions', { choices: [] }) },
  ])('knows no cost of an answer $what', async ({ said }) => {
    expect((await usageAfter([said])).costUsd).toBe('unknown')
  })

  it('asks a chat stream for its counts when the agent did not', async () => {
    const asked = Promise.withResolvers<string>()
    const url = await aModelServer(async (request, answer) => {
      asked.resolve(Buffer.concat(await Array.fromAsync(request)).toString())
      answer.end('{}')
    })
    const gateway = await aGateway({ upstreams: { openai: { baseUrl: url, apiKey: null } } })
    const door = await gateway.open(aFence())
    await post(door, '/openai/v1/chat/completions', { model: 'm', stream: true, n: 1 })
    expect(JSON.parse(await asked.promise)).toEqual({
      model: 'm',
      stream: true,
      n: 1,
      stream_options: { include_usage: true },
    })
  })

  it('reports a cost of 0 for a door without requests', async () => {
    expect(await usageAfter([])).toMatchObject({ requests: 0, costUsd: 0, models: [] })
  })
})

async function usageAfter(answers: readonly Said[]) {
  const next = answers[Symbol.iterator]()
  const url = await aModelServer((request, answer) => {
    const said = next.next().value
    request.resume()
    const type = said?.streamed === true ? 'text/event-stream; charset=utf-8' : 'application/json'
    answer.writeHead(200, { 'content-type': type })
    // Split within events and within characters.
    const bytes = Buffer.from(said?.body ?? '')
    for (let at = 0; at < bytes.length; at += 7) answer.write(bytes.subarray(at, at + 7))
    answer.end()
  })
  const upstream = { baseUrl: url, apiKey: 'k' }
  const settings = GatewaySettings.parse({
    upstreams: { anthropic: upstream, openai: upstream },
  })
  const gateway = await aGateway(settings)
  const door = await gateway.open(aFence())
  for (const { path } of answers) await post(door, path, { model: 'asked' })
  return await gateway.close(door.token)
}

async function post(door: { baseUrl: string; token: string }, path: string, body: object) {
  const answer = await fetch(door.baseUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${door.token}` },
    body: JSON.stringify(body),
  })
  return await answer.text()
}
