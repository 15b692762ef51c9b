import { describe, expect, it } from 'vitest'
import { Demand } from '../../domain/text.ts'
import { codeSchema } from './schema.ts'

const payload = (repository: string) => ({
  repository,
  prompt: 'do it',
  agent: { name: 'codex' },
})

describe('what a code job demands of its worker', () => {
  it.each([
    ['https://git.example/a.git', ['repo:https://git.example/a.git', 'model:openai']],
    ['/srv/my repo', ['repo:/srv/my%20repo', 'model:openai', 'local:repository']],
    ['/srv/wide\u00A0*', ['repo:/srv/wide%C2%A0%2A', 'model:openai', 'local:repository']],
  ])('is its agent, its repository and the server of its model: %s', (repository, ofRepository) => {
    const demands = codeSchema.demands(payload(repository))
    expect(demands).toEqual(['agent:codex', ...ofRepository])
    for (const one of demands) expect(Demand.parse(one)).toBe(one)
  })

  it('names a repository with a long address by its hash', () => {
    const long = `/srv/${'x'.repeat(300)}`
    const [, one = ''] = codeSchema.demands(payload(`${long}1`))
    const [, other] = codeSchema.demands(payload(`${long}2`))
    expect(one).toMatch(/^repo:sha256-[0-9a-f]{64}$/)
    expect(Demand.parse(one)).not.toBe(other)
  })
})

describe('the story of a code job', () => {
  it('is the transcript, or the output of an agent that has none', () => {
    expect(codeSchema.story(payload('/srv/a'))).toBe('transcript')
    const agent = { name: 'command', run: ['true'] }
    expect(codeSchema.story({ ...payload('/srv/a'), agent })).toBe('output')
  })
})

describe('the protocol of a code job', () => {
  it.each([
    [1, {}],
    [2, { iterations: 2 }],
    [2, { expectChange: true }],
  ])('is %i for a payload with %o', (protocol, more) => {
    expect(codeSchema.protocol({ ...payload('/srv/a'), ...more })).toBe(protocol)
  })
})
