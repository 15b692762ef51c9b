import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { parseConfigFile } from './file.ts'
import { readConfig, unknownVariables } from './read.ts'
import { ClientConfig, HubConfig, UpConfig, WorkerConfig } from './settings.ts'
import { spellings } from './spelling.ts'

const read = <Schema extends z.ZodObject<Record<string, z.ZodType>>>(
  schema: Schema,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>>,
): z.output<Schema> => readConfig(schema, { flags, env, file: null })

const proxy = (url: string) => read(UpConfig, {}, { HTTP_PROXY: url }).httpProxy?.reveal()

describe('settings', () => {
  it('come from the flag before the environment before the default', () => {
    const env = { MILLWRIGHT_PORT: '8001', MILLWRIGHT_SLOTS: '5' }
    expect(read(UpConfig, { port: '8002' }, env)).toMatchObject({
      port: 8002,
      slots: 5,
    })
    expect(read(UpConfig, {}, {})).toMatchObject({
      port: 7373,
      slots: 2,
    })
  })

  it('take lists separated by commas from the environment', () => {
    const { label } = read(UpConfig, {}, { MILLWRIGHT_LABEL: 'gpu,linux' })
    expect(label).toEqual(['gpu', 'linux'])
  })

  it('treat an empty variable as not set', () => {
    expect(read(HubConfig, {}, { MILLWRIGHT_PORT: '' }).port).toBe(7373)
  })

  it('take a % in the login of a proxy as curl does, and refuse what no program can decode', () => {
    expect(proxy('http://u:p%ss@proxy')).toBe('http://u:p%25ss@proxy')
    expect(proxy('u:p%E2%82%AC@proxy:3128')).toBe('http://u:p%E2%82%AC@proxy:3128')
    expect(() => proxy('http://u:p%E2%28@proxy')).toThrow(/HTTP_PROXY.*not valid UTF-8/)
    expect(() => proxy('ftp://proxy')).toThrow(/HTTP_PROXY: must be the URL of a proxy/)
  })

  it('refuse a wrong value by the name it was given under', () => {
    expect(() => read(HubConfig, {}, { MILLWRIGHT_PORT: '70000' })).toThrow(/MILLWRIGHT_PORT/)
    expect(() => read(HubConfig, { port: 'x' }, {})).toThrow(/--port/)
    expect(() => read(UpConfig, { sandbox: 'maybe' }, {})).toThrow(/--sandbox/)
  })

  it('never show a secret', () => {
    const config = read(WorkerConfig, {}, { ANTHROPIC_API_KEY: 'sk-1', MILLWRIGHT_TOKEN: 't-1' })
    const shown = `${inspect(config)} ${JSON.stringify(config)} ${String(config.token)}`
    expect(shown).not.toMatch(/sk-1|t-1/)
    expect(shown).toContain('[redacted]')
    expect(config.token?.reveal()).toBe('t-1')
  })

  it('name git credentials by where they are kept, never by what they are', () => {
    const rules = ['https://github.com/=env:GH', 'https://bot@git.example/acme=file:/run/token']
    expect(read(UpConfig, { gitCredential: rules }, {}).gitCredential).toMatchObject([
      { from: 'env', name: 'GH' },
      { from: 'file', path: '/run/token' },
    ])
    expect(() => read(UpConfig, { gitCredential: ['https://x/=s3cret'] }, {})).toThrow(
      /--git-credential/,
    )
  })

  it('all have a description, and a flag unless they are secret', () => {
    for (const schema of [HubConfig, WorkerConfig, UpConfig, ClientConfig]) {
      for (const { key, description, flag, secret } of spellings(schema)) {
        expect(description, key).not.toBe('')
        expect(secret === true || /^--[a-z-]+$/.test(flag), key).toBe(true)
      }
    }
  })
})

describe('the environment', () => {
  it('is searched for names that nothing reads, with what was probably meant', () => {
    expect(unknownVariables({ MILLWRIGHT_SLOT: '1', MILLWRIGHT_DATA: '/x', PATH: '' })).toEqual([
      'MILLWRIGHT_SLOT is not a setting; did you mean MILLWRIGHT_SLOTS?',
    ])
  })

  it('may hold what agents are given', () => {
    expect(unknownVariables({ MILLWRIGHT_PROMPT: 'x', MILLWRIGHT_ATTEMPT: 'y' })).toEqual([])
  })
})

describe('times, sizes and paths in settings', () => {
  it('are written as people write them, wherever they are given', () => {
    const file = parseConfigFile('drainMs: 10m\nkeepFree: 2GB\ncacheBytes: 1024\n', 'c.yaml')
    const env = { MILLWRIGHT_LEASE_MS: '1m30s' }
    expect(readConfig(UpConfig, { flags: {}, env, file })).toMatchObject({
      drainMs: 600_000,
      keepFree: 2e9,
      cacheBytes: 1024,
      leaseMs: 90_000,
    })
    expect(() => read(UpConfig, { drainMs: 'soon' }, {})).toThrow(
      '--drain-ms: "soon" is not a duration: write 10m, 1h30m, 500ms or a number of milliseconds',
    )
    expect(() => read(UpConfig, { keepFree: '2G' }, {})).toThrow(/--keep-free: "2G" is not a size/)
  })

  it('show their defaults that way', () => {
    const shown = new Map(spellings(UpConfig).map(({ key, fallback }) => [key, fallback]))
    expect(shown.get('drainMs')).toBe('30s')
    expect(shown.get('cacheBytes')).toBe('20GiB')
  })

  it('may begin with the home folder, and contain no variable', () => {
    const env = { HOME: '/home/ada' }
    const inFile = (text: string) =>
      readConfig(UpConfig, { flags: {}, env, file: parseConfigFile(text, 'c.yaml') })
    expect(inFile('data: ~/mill\nreplay: "~"\nrecord: ./~x').data).toBe('/home/ada/mill')
    expect(read(UpConfig, { data: '~/mill' }, env).data).toBe('/home/ada/mill')
    expect(() => inFile('data: $HOME/mill')).toThrow(
      'c.yaml:1 data: "$HOME/mill" contains a variable, which Millwright does not replace',
    )
    expect(() => inFile('data: ${HOME}/mill')).toThrow(/contains a variable/)
    expect(() => inFile('data: ~bob/mill')).toThrow(/~ and a user name, which is not supported/)
    expect(() => read(UpConfig, { data: '~/x' }, { HOME: '' })).toThrow(/HOME is not an absolute/)
  })
})
