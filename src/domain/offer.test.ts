import { describe, expect, it } from 'vitest'
import { ANY_REPOSITORY, agentOffer, matches } from './offer.ts'

describe('an offer', () => {
  it('meets the same demand, and no longer one', () => {
    expect(matches('agent:codex', agentOffer('codex'))).toBe(true)
    expect(matches('agent:codex2', agentOffer('codex'))).toBe(false)
    expect(matches('agent:code', agentOffer('codex'))).toBe(false)
  })

  it('with * at its end meets every demand that begins like it', () => {
    expect(matches('repo:https://git.example/a', ANY_REPOSITORY)).toBe(true)
    expect(matches('repo:https://git.example/a', 'repo:https://git.example/*')).toBe(true)
    expect(matches('repo:https://git.example.evil/a', 'repo:https://git.example/*')).toBe(false)
    expect(matches('agent:codex', ANY_REPOSITORY)).toBe(false)
  })
})
