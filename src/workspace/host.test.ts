import { describe, expect, it } from 'vitest'
import { matches } from '../domain/offer.ts'
import { demandsOf } from '../kinds/code/demands.ts'
import { CodePayload } from '../kinds/code/payload.ts'
import { hostOf } from './host.ts'

const demandFor = (repository: string): string =>
  demandsOf(CodePayload.parse({ repository, prompt: 'x', agent: { name: 'builtin' } }))[1]!

describe('the host of a repository', () => {
  it.each([
    ['https://bot@Git.example:8443//team/app.git', 'host:https://git.example:8443'],
    ['http://git.example/app', 'host:http://git.example'],
    ['ssh://git@git.example/app', 'host:ssh://git.example'],
    ['git@git.example:team/app', 'host:ssh://git.example'],
  ])('of %s is %s, and covers what its jobs demand', (repository, key) => {
    const host = hostOf(repository)
    expect(host?.key).toBe(key)
    expect(host?.covers.some((pattern) => matches(demandFor(repository), pattern))).toBe(true)
  })

  it('covers both kinds of ssh address', () => {
    const covers = hostOf('git@git.example:app')?.covers ?? []
    expect(covers.some((one) => matches(demandFor('ssh://git@git.example/other'), one))).toBe(true)
  })

  it.each(['/srv/git/app', 'file:///srv/git/app'])('of %s is none', (repository) => {
    expect(hostOf(repository)).toBeNull()
  })
})
