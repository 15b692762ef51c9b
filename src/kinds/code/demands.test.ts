import { describe, expect, it } from 'vitest'
import { demandsOf } from './demands.ts'
import { CodePayload } from './payload.ts'

const demandOf = (repository: string): string | undefined =>
  demandsOf(CodePayload.parse({ repository, prompt: 'x', agent: { name: 'builtin' } }))[1]

describe('the repository that a job demands', () => {
  it.each([
    ['https://github.com/acme/app', 'repo:https://github.com/acme/app'],
    ['HTTPS://bot@GitHub.com:443//acme/./app', 'repo:https://github.com/acme/app'],
    ['https://github.com/acme/x/../app', 'repo:https://github.com/acme/app'],
    ['https://github.com/acme/%2e%2e/evil', 'repo:https://github.com/evil'],
    ['ssh://git@Host.example/acme/app.git', 'repo:ssh://host.example/acme/app.git'],
    ['git@host.example:acme/./app.git', 'repo:git@host.example:acme/app.git'],
    ['/srv/git/acme/../evil', 'repo:/srv/git/evil'],
    ['/srv/my repository*', 'repo:/srv/my%20repository%2A'],
  ])('for %s is %s', (address, demand) => {
    expect(demandOf(address)).toBe(demand)
  })

  it.each([
    'https://github.com/acme/..%2fevil',
    'https://github.com/acme%2F..%2Fevil',
    'git@host.example:../evil',
    `https://github.com/acme/${'x'.repeat(300)}`,
  ])('is a hash that no restriction by address matches, for %s', (address) => {
    expect(demandOf(address)).toMatch(/^repo:sha256-[0-9a-f]{64}$/)
  })
})
