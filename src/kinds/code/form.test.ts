import { describe, expect, it } from 'vitest'
import { codeForm } from './form.ts'
import { CodePayload } from './payload.ts'

/** The payload of these flags, as it is sent. */
async function payloadOf(
  flags: Readonly<Record<string, unknown>> = {},
  rest: readonly string[] = [],
): Promise<unknown> {
  const typed = { repo: 'https://example.org/a.git', agent: 'builtin', ...flags }
  const here = { cwd: '/', path: '', note: () => {} }
  const payload = await codeForm.payload({ flags: typed, prompt: 'do it', rest, ...here })
  return JSON.parse(JSON.stringify(payload))
}

describe('the flags of a code job', () => {
  it('say what is checked out', async () => {
    const flags = { depth: '1', sparse: ['web', 'docs/en'], submodules: 'all', lfs: true }
    expect(CodePayload.parse(await payloadOf(flags)).checkout).toEqual({ ...flags, depth: 1 })
  })

  it('send only what was typed', async () => {
    expect(Object.keys(Object(await payloadOf()))).toEqual([
      'repository',
      'prompt',
      'agent',
      'checks',
    ])
  })

  it('say how many turns the agent gets', async () => {
    expect(await payloadOf({ iterations: '5' })).toMatchObject({ iterations: 5 })
    await expect(payloadOf({ iterations: '0' })).rejects.toThrow(/^--iterations: /)
  })

  it('say that the job must change something', async () => {
    expect(await payloadOf({ expectChange: true })).toMatchObject({ expectChange: true })
  })

  it('leave the job’s name out of a commit only with --publish branch', async () => {
    const payload = CodePayload.parse(await payloadOf({ publish: 'branch', trailers: false }))
    expect(payload.publish).toEqual({ mode: 'branch', trailers: false })
    await expect(payloadOf({ trailers: false })).rejects.toThrow(/requires --publish branch/)
    await expect(payloadOf({ publish: 'none', trailers: false })).rejects.toThrow(/--no-trailers/)
  })

  it('give an agent its model, or its program', async () => {
    const model = 'anthropic/claude-sonnet-4-5'
    expect(await payloadOf({ model })).toMatchObject({ agent: { name: 'builtin', model } })
    const run = ['./agent.sh', '--flag']
    expect(await payloadOf({ agent: 'command' }, run)).toMatchObject({
      agent: { name: 'command', run },
    })
    await expect(payloadOf({ agent: 'command' })).rejects.toThrow(/two dashes/)
    await expect(payloadOf({}, run)).rejects.toThrow(/requires --agent command/)
  })

  it('name the wrong one as it was typed', async () => {
    await expect(payloadOf({ depth: 'deep' })).rejects.toThrow(/^--depth: "deep" is not a number/)
  })
})
