import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { acpDriver } from '../../src/agents/acp.ts'
import { aTask, runAgent, said } from '../support/agent-run.ts'
import { PATH } from '../support/confined.ts'

const FAKE = fileURLToPath(new URL('../support/fake-acp-agent.ts', import.meta.url))

const fakeAgent = (...argv: readonly [string, ...string[]]) =>
  acpDriver({
    name: 'fake',
    argv,
    readable: [],
    sessionFiles: [],
    install: 'write it',
    prepare: () => ({ env: { PATH }, meta: {} }),
  })

const told = async (prompt: string) =>
  await runAgent(fakeAgent(process.execPath, FAKE), await aTask({ prompt }))

describe('an agent that speaks ACP', () => {
  it('has its streamed text joined, and its permissions granted', async () => {
    const { end, updates } = await told('say:one say:two ask')
    expect(updates).toEqual([
      { type: 'session', session: 'fake-session' },
      { type: 'message', text: 'onetwoyes' },
    ])
    expect(end).toMatchObject({ kind: 'done', summary: 'onetwoyes', session: 'fake-session' })
  })

  it('may print text outside the protocol, which becomes warnings and output', async () => {
    const { end, updates } = await told('babble say:still-here')
    expect(end).toMatchObject({ kind: 'done', summary: 'still-here' })
    expect(updates.flatMap((update) => (update.type === 'warning' ? [update.text] : []))).toEqual([
      'the agent printed a line that is not a protocol message: Welcome!',
      'the agent printed a line that is not a protocol message: [1,2]',
      'the agent printed a line that is not a protocol message: {"half":',
    ])
    expect(said(updates, 'stderr')).toBe('a word aside\n')
  })

  it('may print a huge line, of which only the beginning is shown', async () => {
    const { end, updates } = await told('huge say:still-here')
    expect(end).toMatchObject({ kind: 'done', summary: 'still-here' })
    const warning = updates.find((update) => update.type === 'warning')
    expect(warning?.text.length).toBeLessThan(300)
  })

  it.each([
    { prompt: 'die', reason: 'agent-failed', detail: /exited with code 7:/ },
    { prompt: 'login', reason: 'agent-login', detail: /uthentication/ },
    { prompt: 'refuse', reason: 'agent-failed', detail: /refused/ },
    { prompt: 'max_tokens', reason: 'agent-failed', detail: /tokens/ },
    { prompt: 'cancelled', reason: 'agent-failed', detail: /cancelled its own turn/ },
  ])('that ends with $prompt has failed with $reason', async ({ prompt, reason, detail }) => {
    const { end } = await told(prompt)
    expect(end).toMatchObject({ kind: 'failed', reason, detail: expect.stringMatching(detail) })
  })

  it('that exits before it answers has failed, with the end of its stderr', async () => {
    const driver = fakeAgent(process.execPath, '--no-such-flag')
    const { end } = await runAgent(driver, await aTask())
    expect(end).toMatchObject({
      kind: 'failed',
      reason: 'agent-failed',
      detail: expect.stringContaining('--no-such-flag'),
    })
  })

  it('that is not installed says how to get it', async () => {
    const driver = fakeAgent('/nowhere/agent')
    await expect(runAgent(driver, await aTask())).rejects.toMatchObject({
      reason: 'agent-not-installed',
      detail: expect.stringContaining('write it'),
    })
  })
})
