import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { readConfig, unknownVariables } from './read.ts'
import { ClientConfig, HubConfig, spellings, UpConfig, WorkerConfig } from './settings.ts'

const read = <Schema extends z.ZodObject<Record<string, z.ZodType>>>(
  schema: Schema,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>>,
): z.output<Schema> => readConfig(schema, { flags, env, file: null })

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
