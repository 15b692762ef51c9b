import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, type LanguageModel, streamText, tool } from 'ai'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ModelDoor } from '../../src/domain/agent.ts'
import { startGateway } from '../../src/gateway/gateway.ts'
import { GatewaySettings } from '../../src/gateway/settings.ts'
import { silentLog } from '../../src/platform/log.ts'
import { aFence, aGateway, aScript } from '../support/gateway.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Real clients of the three dialects on the same door. */
const MODELS: readonly { dialect: string; model: (door: ModelDoor) => LanguageModel }[] = [
  {
    dialect: 'Anthropic Messages',
    model: ({ baseUrl, token }) =>
      createAnthropic({ baseURL: `${baseUrl}/anthropic/v1`, apiKey: token })('claude-sonnet-4-5'),
  },
  {
    dialect: 'OpenAI Responses',
    model: ({ baseUrl, token }) =>
      createOpenAI({ baseURL: `${baseUrl}/openai/v1`, apiKey: token })('gpt-x'),
  },
  {
    dialect: 'Chat Completions',
    model: ({ baseUrl, token }) =>
      createOpenAICompatible({
        name: 'local',
        baseURL: `${baseUrl}/openai/v1`,
        apiKey: token,
        includeUsage: true,
      })('house'),
  },
]

const echo = tool({
  description: 'Says it back',
  inputSchema: z.object({ word: z.string() }),
  execute: ({ word }) => `${word}!`,
})

const call = (word: string) => ({ name: 'echo', args: { word } })
const usage = { input: 10, cached: 4, output: 5, costUsd: 0.01 }
const SCRIPT = {
  scripts: [
    {
      when: 'the first task',
      steps: [
        { thinking: 'hm', text: 'Let me see.', calls: [call('a'), call('b')], usage },
        { calls: [call('c')], usage },
        { text: 'All said.', usage },
      ],
    },
    { when: 'the second task', steps: [{ text: 'Done before.', usage }] },
  ],
}

describe.each(MODELS)('a written script in $dialect', ({ model }) => {
  it('leads a streaming client through its steps', async () => {
    const gateway = await aGateway({ replay: await aScript(SCRIPT) })
    const door = await gateway.open(aFence())
    const result = streamText({
      model: model(door),
      tools: { echo },
      stopWhen: isStepCount(9),
      messages: [
        { role: 'user', content: 'Do the first task' },
        { role: 'user', content: '<environment>any</environment>' },
      ],
    })
    const steps = await result.steps
    expect(steps.map((step) => step.toolCalls.map(({ input }) => input))).toEqual([
      [{ word: 'a' }, { word: 'b' }],
      [{ word: 'c' }],
      [],
    ])
    expect(steps[0]?.text).toBe('Let me see.')
    expect(await result.text).toBe('All said.')
    expect((await result.totalUsage).inputTokens).toBe(30)
    expect(await gateway.close(door.token)).toMatchObject({
      requests: 3,
      inputTokens: 30,
      cachedInputTokens: 12,
      outputTokens: 15,
      costUsd: expect.closeTo(0.03, 9),
      replayed: true,
    })
  })

  it('leads a client that wants whole answers, and says when it has ended', async () => {
    const gateway = await aGateway({ replay: await aScript(SCRIPT) })
    const door = await gateway.open(aFence())
    const first = await generateText({
      model: model(door),
      tools: { echo },
      stopWhen: isStepCount(9),
      prompt: 'Do the first task',
    })
    const followUp = await generateText({
      model: model(door),
      tools: { echo },
      messages: [
        { role: 'user', content: 'Do the first task' },
        ...first.responseMessages,
        { role: 'user', content: 'Now the second task' },
      ],
    })
    expect(first.text).toBe('All said.')
    expect(first.steps).toHaveLength(3)
    expect(followUp.text).toBe('Done before.')
  })

  it('does not use up a step for a request without tools', async () => {
    const gateway = await aGateway({ replay: await aScript(SCRIPT) })
    const door = await gateway.open(aFence())
    const title = await generateText({ model: model(door), prompt: 'A title for the first task?' })
    expect(title.text).toBe('A scripted answer.')
  })

  it('refuses an unknown task with an error that clients do not retry', async () => {
    const gateway = await aGateway({ replay: await aScript(SCRIPT) })
    const door = await gateway.open(aFence())
    await expect(
      generateText({ model: model(door), tools: { echo }, prompt: 'Something else' }),
    ).rejects.toThrow(/No "when" text in the model script occurs in the prompt/)
    expect(await gateway.usage(door.token)).toMatchObject({ requests: 1 })
  })

  it('makes a recording that repeats its answers', async () => {
    const record = join(await tempFolder(), 'recording.jsonl')
    const recording = await startGateway(
      GatewaySettings.parse({ replay: await aScript(SCRIPT), record }),
      silentLog,
    )
    const said = await wholeTalk(model(await recording.open(aFence())))
    await recording[Symbol.asyncDispose]()

    const gateway = await aGateway({ replay: record })
    const door = await gateway.open(aFence())
    expect(await wholeTalk(model(door))).toEqual(said)
    expect(await gateway.close(door.token)).toMatchObject({
      inputTokens: 30,
      outputTokens: 15,
      costUsd: 'unknown',
      replayed: true,
    })
  })
})

describe('a written script', () => {
  it('can answer with an error', async () => {
    const response = await answerTo({ status: 503, errorBody: { oh: 'no' } })
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ oh: 'no' })
  })

  it('can break the connection before, during and after the answer', async () => {
    await expect(answerTo({ text: 'hi', cut: 'before' })).rejects.toThrow(/fetch failed/)
    const middle = await answerTo({ text: 'hi', cut: 'middle' })
    await expect(middle.text()).rejects.toThrow(/terminated/)
    const unfinished = await (await answerTo({ text: 'hi', cut: 'unfinished' })).text()
    expect(unfinished).toContain('output_item.done')
    expect(unfinished).not.toContain('response.completed')
  })

  it('supports freeform tools and tools in a namespace', async () => {
    const calls = [
      { name: 'apply_patch', custom: true, args: '*** Begin Patch' },
      { name: 'report', namespace: 'mcp__plat', args: { a: 1 } },
    ]
    const text = await (await answerTo({ calls })).text()
    expect(text).toContain('"type":"custom_tool_call"')
    expect(text).toContain('"input":"*** Begin Patch"')
    expect(text).toContain('"namespace":"mcp__plat"')
  })

  it.each([
    { what: 'is not JSON', text: '{', says: /is not JSON/ },
    {
      what: 'has a wrong step',
      text: JSON.stringify({ scripts: [{ steps: [{ text: 'a' }, { txt: 'b' }] }] }),
      says: /invalid at scripts\[0\]\.steps\[1\].*txt/,
    },
    { what: 'has no task', text: '{"scripts":[]}', says: /invalid at scripts/ },
  ])('that $what is refused at the start, naming the place', async ({ text, says }) => {
    const replay = join(await tempFolder(), 'bad.json')
    await writeFile(replay, text)
    await expect(aGateway({ replay })).rejects.toMatchObject({
      code: 'script-invalid',
      message: expect.stringMatching(says),
    })
  })

  it('that is missing is refused at the start', async () => {
    await expect(aGateway({ replay: '/nowhere/model.json' })).rejects.toMatchObject({
      code: 'file-unreadable',
    })
  })
})

describe('a recording', () => {
  it('with a broken line is refused, naming the line', async () => {
    const replay = join(await tempFolder(), 'recording.jsonl')
    await writeFile(replay, '\n{"door":0}\n')
    await expect(aGateway({ replay })).rejects.toMatchObject({
      code: 'script-invalid',
      message: expect.stringContaining('line 2'),
    })
  })

  it('made in one dialect does not answer in another', async () => {
    const record = join(await tempFolder(), 'recording.jsonl')
    const line = {
      door: 0,
      place: 0,
      dialect: 'openai-chat',
      status: 200,
      contentType: 'x',
      body: '',
    }
    await writeFile(record, JSON.stringify(line))
    const gateway = await aGateway({ replay: record })
    const door = await gateway.open(aFence())
    const response = await fetch(`${door.baseUrl}/anthropic/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': door.token },
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('recorded with openai-chat')
    expect((await readFile(record, 'utf8')).length).toBeGreaterThan(0)
  })
})

/** The answers that a client gets when it follows the whole first task. */
async function wholeTalk(model: LanguageModel) {
  const result = streamText({
    model,
    tools: { echo },
    stopWhen: isStepCount(9),
    prompt: 'Do the first task',
  })
  return { text: await result.text, steps: (await result.steps).length }
}

/** The answer of a script with this one step. */
async function answerTo(step: object): Promise<Response> {
  const gateway = await aGateway({ replay: await aScript({ scripts: [{ steps: [step] }] }) })
  const door = await gateway.open(aFence())
  return await fetch(`${door.baseUrl}/openai/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${door.token}` },
    body: JSON.stringify({ model: 'm', stream: true, tools: [{}], input: 'go' }),
  })
}
