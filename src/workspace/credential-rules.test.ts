import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { credentialFinder, type CredentialRule } from './credential-rules.ts'
import type { CredentialContext } from './credential-sources.ts'

const SECRET = 's3cret-canary'
const HERE: CredentialContext = {
  env: { GH: 'gh-token', ACME: 'acme-token', PATH: process.env['PATH'] },
  cwd: '/',
  sshAuthSock: null,
  clock: { monotonic: () => 0 },
  timeoutMs: 20_000,
}

const env = (match: string, name: string): CredentialRule => ({
  match: new URL(match),
  from: 'env',
  name,
})
const file = (match: string, path: string): CredentialRule => ({
  match: new URL(match),
  from: 'file',
  path,
})
const command = (script: string): CredentialRule => ({
  match: new URL('https://h/'),
  from: 'command',
  run: ['sh', '-c', script],
})

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** The failure of finding a credential. */
const missing = (words: string) => ({
  reason: 'credential-missing',
  detail: expect.stringContaining(words),
})

describe('git credentials', () => {
  it('go to the addresses below their own and to nothing else', async () => {
    const find = credentialFinder([env('https://git.example/acme', 'ACME')], HERE)
    const given = { kind: 'basic', user: 'x-access-token', password: 'acme-token' }
    expect(await find('https://git.example/acme/app.git')).toMatchObject(given)
    for (const other of [
      'https://git.example/acme-evil/app.git',
      'https://git.example/acme/../evil/app.git',
      'https://git.example/',
      'http://git.example/acme/app.git',
      'https://git.example:8443/acme/app.git',
      'https://git.example.evil.org/acme/app.git',
      'https://git.example@evil.org/acme/app.git',
      'git@git.example:acme/app.git',
      '/acme/app.git',
    ]) {
      expect(await find(other), other).toBeNull()
    }
  })

  it('for ssh match user, host and path, in every notation of the address', async () => {
    const key = join(await aFolder(), 'key')
    await writeFile(key, 'a key')
    const find = credentialFinder([file('ssh://git@git.example/acme', key)], HERE)
    const given = { kind: 'ssh-key', file: key }
    for (const address of [
      'git@git.example:acme/app.git',
      'git@git.example:/acme/app.git',
      'ssh://git@git.example/acme/app.git',
      'ssh://git@GIT.example:22/acme/app.git',
    ]) {
      expect(await find(address), address).toMatchObject(given)
    }
    for (const other of [
      'root@git.example:acme/app.git',
      'git@git.example:acme-evil/app.git',
      'ssh://git@git.example:2222/acme/app.git',
      'https://git@git.example/acme/app.git',
    ]) {
      expect(await find(other), other).toBeNull()
    }
  })

  it('are chosen by the longest match, with the user name of the rule', async () => {
    const rules = [
      env('https://git.example/', 'GH'),
      env('https://bot@git.example/acme/', 'ACME'),
      { ...env('https://git.example/acme/deep', 'ACME'), user: 'oauth2' },
    ]
    const find = credentialFinder(rules, HERE)
    expect(await find('https://git.example/acme/app')).toMatchObject({ user: 'bot' })
    expect(await find('https://git.example/acme/deep/app')).toMatchObject({ user: 'oauth2' })
    expect(await find('https://git.example/other')).toMatchObject({ password: 'gh-token' })
  })

  it.each([
    ['a variable that is not set', env('https://h/', 'NONE'), /NONE is not set/],
    [
      'a variable for ssh',
      env('ssh://git@h/', 'GH'),
      /an ssh URL needs "file" with a private key, or "ssh-agent"/,
    ],
    [
      'an ssh agent for http',
      { match: new URL('https://h/'), from: 'ssh-agent' } as const,
      /"ssh-agent" works only for ssh URLs/,
    ],
    [
      'an ssh agent that does not run',
      { match: new URL('ssh://h/'), from: 'ssh-agent' } as const,
      /SSH_AUTH_SOCK is not set/,
    ],
  ])('stop the worker at its start when a rule names %s', (_name, rule, words) => {
    expect(() => credentialFinder([rule], HERE)).toThrow(words)
  })
})

describe('a credential in a file', () => {
  it('is read for every use', async () => {
    const cwd = await aFolder()
    const find = credentialFinder([file('https://h/', 'token')], { ...HERE, cwd })
    await writeFile(join(cwd, 'token'), 'first\n')
    expect(await find('https://h/x')).toMatchObject({ password: 'first' })
    await writeFile(join(cwd, 'token'), 'second\n')
    expect(await find('https://h/x')).toMatchObject({ password: 'second' })
  })

  it.each([
    ['does not exist', async () => {}, 'does not exist'],
    ['is empty', (path: string) => writeFile(path, '\n'), 'is empty'],
    [
      'holds several lines',
      (path: string) => writeFile(path, 'a\nb\n'),
      'contains more than one line',
    ],
    ['is huge', (path: string) => writeFile(path, 'x'.repeat(20_000)), 'more than 16384 bytes'],
  ])('says that it %s', async (_name, make, words) => {
    const cwd = await aFolder()
    await make(join(cwd, 'token'))
    const find = credentialFinder([file('https://h/', 'token')], { ...HERE, cwd })
    await expect(find('https://h/x')).rejects.toMatchObject(missing(words))
  })

  it('of an ssh key says that it does not exist', async () => {
    const find = credentialFinder([file('ssh://h/', '/nonexistent/key')], HERE)
    await expect(find('ssh://git@h/x')).rejects.toMatchObject(missing('/nonexistent/key'))
  })
})

describe('a credential from a command', () => {
  it('runs at most once a minute', async () => {
    const count = join(await aFolder(), 'count')
    let now = 0
    const clock = { monotonic: () => now }
    const rule = command(`echo x >> ${count}; wc -l < ${count}`)
    const find = credentialFinder([rule], { ...HERE, clock })
    const [one, other] = await Promise.all([find('https://h/x'), find('https://h/y')])
    expect([one, other]).toEqual([one, one])
    now = 59_999
    expect(await find('https://h/x')).toMatchObject({ password: '1' })
    now = 60_000
    expect(await find('https://h/x')).toMatchObject({ password: '2' })
  })

  it('runs again after a failure', async () => {
    const folder = await aFolder()
    const find = credentialFinder([command(`cat ${folder}/token`)], HERE)
    await expect(find('https://h/x')).rejects.toMatchObject(missing('the command sh exited with 1'))
    await writeFile(join(folder, 'token'), SECRET)
    expect(await find('https://h/x')).toMatchObject({ password: SECRET })
  })

  it.each([
    ['fails', `echo ${SECRET}; echo ${SECRET} >&2; exit 3`, 'exited with 3'],
    ['prints nothing', `echo ${SECRET} >&2`, 'printed nothing'],
    ['prints several lines', `echo ${SECRET}; echo ${SECRET}`, 'printed more than one line'],
    ['never stops printing', `yes ${SECRET}`, 'printed more than'],
  ])('that %s is said so, without its words', async (_name, script, words) => {
    const failed = credentialFinder([command(script)], HERE)('https://h/x')
    await expect(failed).rejects.toMatchObject(missing(words))
    await expect(failed).rejects.not.toThrow(SECRET)
  })

  it('that takes too long is killed and reported', async () => {
    const find = credentialFinder([command('sleep 1000')], { ...HERE, timeoutMs: 100 })
    await expect(find('https://h/x')).rejects.toMatchObject(missing('within 100 ms'))
  })

  it('that cannot be started is reported', async () => {
    const rule = { match: new URL('https://h/'), from: 'command', run: ['/nonexistent'] } as const
    const find = credentialFinder([rule], HERE)
    await expect(find('https://h/x')).rejects.toMatchObject(missing('cannot be started'))
  })
})
