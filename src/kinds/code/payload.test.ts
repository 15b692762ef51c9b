import { describe, expect, it } from 'vitest'
import { CodePayload, iterationsOf, refOf, RefName, RepositoryAddress } from './payload.ts'
import { codeSchema } from './schema.ts'

const payload = (facts: object = {}) => ({
  repository: 'https://example.com/team/app.git',
  prompt: 'Fix the bug\nand tell why',
  agent: { name: 'codex' },
  ...facts,
})

describe('code payload', () => {
  it('publishes nothing unless asked', () => {
    expect(CodePayload.parse(payload())).toMatchObject({ publish: { mode: 'none' }, checks: [] })
  })

  it('refuses a key it does not know', () => {
    expect(CodePayload.safeParse(payload({ prompts: 'x' })).error?.issues[0]).toMatchObject({
      code: 'unrecognized_keys',
      keys: ['prompts'],
    })
  })

  it.each<[string, object]>([
    ['a program with a NUL in it', { agent: { name: 'command', run: ['sh', 'a\0b'] } }],
    ['HEAD as a branch', { publish: { mode: 'branch', branch: 'HEAD' } }],
    ['a branch with its full name', { publish: { mode: 'branch', branch: 'refs/heads/x' } }],
    ['two checks of one name', { checks: ['a', 'a'].map((name) => ({ name, run: ['true'] })) }],
  ])('refuses %s', (_, facts) => {
    expect(CodePayload.safeParse(payload(facts)).success).toBe(false)
  })

  it('gives the agent three turns, or the number it names, which needs a newer worker', () => {
    const [usual, named] = [payload(), payload({ iterations: 1 })]
    expect([usual, named].map((one) => iterationsOf(CodePayload.parse(one)))).toEqual([3, 1])
    expect([usual, named].map((one) => codeSchema.protocol(one))).toEqual([1, 2])
    expect(codeSchema.protocol(CodePayload.parse(usual))).toBe(1)
    for (const iterations of [0, 21, 1.5, '3']) {
      expect(CodePayload.safeParse(payload({ iterations })).success).toBe(false)
    }
  })

  it('has a title without NUL, by which its job can be found', () => {
    expect(codeSchema.title(payload({ prompt: 'a\0b\nc' }))).toBe('a b')
  })

  it('checks out all folders and history, without submodules and LFS files, by default', () => {
    const whole = { depth: null, sparse: [], submodules: 'none', lfs: false }
    expect(CodePayload.parse(payload()).checkout).toEqual(whole)
  })

  it('accepts the ref in either place, but not in both', () => {
    const [ref, checkout] = ['dev', { ref: 'dev' }]
    expect(refOf(CodePayload.parse(payload()))).toBeNull()
    expect(refOf(CodePayload.parse(payload({ ref })))).toBe('dev')
    expect(refOf(CodePayload.parse(payload({ checkout })))).toBe('dev')
    expect(() => CodePayload.parse(payload({ ref, checkout }))).toThrow(/given twice/)
  })

  it.each(['src', 'a/b c/ü', '.github', 'a/.gitx'])('takes %s as a folder', (folder) => {
    expect(CodePayload.safeParse(payload({ checkout: { sparse: [folder] } })).success).toBe(true)
  })

  it.each([
    '',
    '/',
    '/etc',
    '..',
    'a/../b',
    'a/',
    'a//b',
    '!a',
    '#a',
    'a*',
    'a\nb',
    'a\\b',
    '.git',
    'a/.GIT/b',
    './a',
  ])('refuses %j as a folder', (folder) => {
    expect(CodePayload.safeParse(payload({ checkout: { sparse: [folder] } })).success).toBe(false)
  })

  it.each([0, -1, 1.5, '1', 1_000_001])('refuses %j as a depth', (depth) => {
    expect(CodePayload.safeParse(payload({ checkout: { depth } })).success).toBe(false)
  })

  it('has the first line of its prompt as its title', () => {
    expect(codeSchema.title(payload())).toBe('Fix the bug')
  })

  it.each([
    ['Grace Hopper', true],
    ['.b', true],
    ['李', true],
    ['...', false],
    ['<>', false],
    [` "'`, false],
  ])('takes the author %j: %s', (name, taken) => {
    const publish = { mode: 'branch', author: { name, email: 'grace@example.org' } }
    expect(CodePayload.safeParse(payload({ publish })).success).toBe(taken)
  })

  it('locks the branch that it names, so that two jobs cannot race for it', () => {
    const publish = { mode: 'branch', branch: 'fix/bug' }
    expect(codeSchema.locks(payload({ publish }))).toEqual([
      'branch:https://example.com/team/app.git#fix/bug',
    ])
    expect(codeSchema.locks(payload())).toEqual([])
  })

  it('keeps everything but the prompt in a follow-up', () => {
    const asked = payload({ ref: 'main' })
    const prompt = 'now the docs'
    expect(codeSchema.followUp(asked, { prompt })).toEqual({ ...asked, prompt })
    expect(codeSchema.followUp(asked, {})).toEqual(asked)
  })

  it('starts a follow-up at its ref only when the submitter names one', () => {
    const asked = payload({ checkout: { ref: 'main', depth: 1 } })
    const moved = codeSchema.followUp(asked, { ref: 'v2' })
    expect(moved).toEqual({ ...payload({ checkout: { depth: 1 } }), ref: 'v2', startAt: 'ref' })
    expect(codeSchema.protocol(moved)).toBe(2)
    expect(codeSchema.followUp(moved, {})).not.toHaveProperty('startAt')
  })

  it('publishes a follow-up to the branch that the submitter names', () => {
    const trailers = { mode: 'branch', trailers: false }
    const branch = 'fix/b'
    for (const facts of [{}, { publish: { mode: 'none' } }, { publish: trailers }]) {
      const publish = { ...facts.publish, mode: 'branch', branch }
      expect(codeSchema.followUp(payload(facts), { branch })).toMatchObject({ publish })
    }
  })

  it.each(['main', 'release/2.0', 'v1.0.0', 'a'.repeat(40), 'größe', 'fix/(a),b', 'user@feature'])(
    'takes %s as a ref',
    (ref) => {
      expect(RefName.safeParse(ref).success).toBe(true)
    },
  )

  it.each([
    '-x',
    '--upload-pack=sh',
    'a..b',
    'a b',
    'a\u3000b',
    'a/',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    '@',
    'a'.repeat(201),
    'a@{1}',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    '',
    'a//b',
    'a;b',
    'é'.repeat(101),
  ])('refuses %j as a ref', (ref) => {
    expect(RefName.safeParse(ref).success).toBe(false)
  })

  it.each([
    'https://host/a.git',
    'http://127.0.0.1:8080/a',
    'ssh://git@host/a.git',
    'git@host:team/a.git',
    'file:///srv/a.git',
    '/srv/git/a.git',
  ])('takes %s as an address', (address) => {
    expect(RepositoryAddress.safeParse(address).success).toBe(true)
  })

  it.each([
    '-oProxyCommand=x',
    'ext::sh -c id',
    'https://user:secret@host/a.git',
    'a.git',
    'ftp://host/a',
    'https://host/a\r',
    '--upload-pack=x',
    'git://host/a',
  ])('refuses %j as an address', (address) => {
    expect(RepositoryAddress.safeParse(address).success).toBe(false)
  })
})
