import { describe, expect, it } from 'vitest'
import { factsOf, storyOf } from './job-kind.ts'

const agent = { name: 'command', run: ['true'] }
const payload = { repository: '/srv/a', prompt: 'do it', agent }

describe('what a kind says of its jobs', () => {
  it('is their facts and the log that tells their story', () => {
    const job = { kind: 'code', payload }
    expect(factsOf(job)).toContainEqual(['repository', '/srv/a'])
    expect(factsOf(job)).toContainEqual(['agent', 'command'])
    expect(storyOf(job)).toBe('output')
  })

  it.each([
    ['a kind that this version does not have', { kind: 'unheard-of', payload }],
    ['a payload of another version', { kind: 'code', payload: { ...payload, later: true } }],
  ])('is nothing of %s', (_, job) => {
    expect(factsOf(job)).toEqual([])
    expect(storyOf(job)).toBe('transcript')
  })
})
