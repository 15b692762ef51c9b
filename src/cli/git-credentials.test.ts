import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GitCredential } from '../config.ts'
import { credentialFinder } from './git-credentials.ts'

const rules = (...texts: readonly string[]) => texts.map((text) => GitCredential.parse(text))
const ENV = { GH: 'gh-token', ACME: 'acme-token' }

describe('git credentials', () => {
  it('go to the addresses below their own and to nothing else', async () => {
    const find = credentialFinder(rules('https://git.example/acme=env:ACME'), {
      env: ENV,
      cwd: '/',
    })
    const given = { kind: 'basic', user: 'x-access-token', password: 'acme-token' }
    expect(await find('https://git.example/acme/app.git')).toEqual(given)
    for (const other of [
      'https://git.example/acme-evil/app.git',
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

  it('are chosen by the longest matching beginning', async () => {
    const texts = ['https://git.example/=env:GH', 'https://bot@git.example/acme/=env:ACME'] as const
    const find = credentialFinder(rules(...texts), { env: ENV, cwd: '/' })
    expect(await find('https://git.example/acme/app')).toMatchObject({ user: 'bot' })
    expect(await find('https://git.example/other')).toMatchObject({ password: 'gh-token' })
  })

  it('are read from their file anew each time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millwright-test-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'token'), 'first\n')
    const find = credentialFinder(rules('https://h/=file:token'), { env: {}, cwd: folder })
    expect(await find('https://h/x')).toMatchObject({ password: 'first' })
    await writeFile(join(folder, 'token'), 'second\n')
    expect(await find('https://h/x')).toMatchObject({ password: 'second' })
    await rm(join(folder, 'token'))
    await expect(find('https://h/x')).rejects.toMatchObject({ reason: 'repository-login' })
  })

  it('must be there when the worker starts', () => {
    expect(() => credentialFinder(rules('https://h/=env:NONE'), { env: {}, cwd: '/' })).toThrow(
      /NONE is not set/,
    )
  })
})
