import { describe, expect, it } from 'vitest'
import { hintText } from '../../domain/hint.ts'
import { lackHint } from '../../domain/lack.ts'
import { demandsOf, lackOf } from './demands.ts'
import { CodePayload } from './payload.ts'

const demandsFor = (repository: string, agent: object = { name: 'builtin' }): readonly string[] =>
  demandsOf(CodePayload.parse({ repository, prompt: 'x', agent }))

const demandOf = (repository: string): string | undefined => demandsFor(repository)[1]

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

describe('a job with a repository on the worker’s machine', () => {
  it.each(['/srv/git/app', 'file:///srv/git/app', 'FILE:///srv/git/app', `/${'x'.repeat(300)}`])(
    'such as %s demands a worker that accepts them',
    (address) => {
      expect(demandsFor(address)).toContain('local:repository')
    },
  )

  it.each(['https://host/srv', 'http://host/srv', 'ssh://host/srv', 'git@host:/srv'])(
    'is not one with the address %s',
    (address) => {
      expect(demandsFor(address)).not.toContain('local:repository')
    },
  )
})

describe('the model that a job names', () => {
  it.each([
    ['anthropic/claude-sonnet-5', ['model:anthropic']],
    ['openai/gpt-5.1', ['model:openai']],
    ['chat/qwen', ['model:openai']],
    [undefined, ['model:default']],
  ])('as %s demands %j', (model, expected) => {
    const demands = demandsFor('https://host/a', { name: 'builtin', model })
    expect(demands.filter((one) => one.startsWith('model:'))).toEqual(expected)
  })
})

const cureWith = (offered: readonly string[]) => lackOf('agent:codex', offered)?.cure?.text

describe('a demand that no worker meets', () => {
  it.each([
    [
      'local:repository',
      /^no worker accepts local repositories; restart .* --allow-local, for example: .* up --allow-local$/,
    ],
    [
      'agent:codex',
      /^no worker offers the agent codex; install it with: npm install -g @openai\/codex@/,
    ],
    [
      'agent:builtin',
      /^no worker offers the agent builtin; restart a worker with ANTHROPIC_API_KEY/,
    ],
    ['model:openai', /^no worker has an OpenAI model; restart a worker with OPENAI_API_KEY/],
  ])('such as %s is explained with its cure', (demand, words) => {
    const lack = lackOf(demand, [])
    expect(lack === null ? null : hintText(lackHint(lack))).toMatch(words)
  })

  it('is explained without the model that a worker has already', () => {
    expect(cureWith(['model:openai'])).toMatch(/^install it with: .*, and restart a worker$/)
    for (const offered of [[], ['model:anthropic', 'model:default']]) {
      expect(cureWith(offered)).toMatch(/, and restart a worker with OPENAI_API_KEY or --upstream/)
    }
  })

  it('is not explained when it is not known', () => {
    expect(lackOf('repo:https://host/a', [])).toBeNull()
  })
})
