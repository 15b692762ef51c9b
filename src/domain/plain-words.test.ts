import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readPlainly } from './plain-words.ts'

const Schema = z.object({
  port: z.coerce.number().int().min(1).max(65_535).default(1),
  mode: z.enum(['fast', 'slow']).default('fast'),
  name: z.string().min(1).max(5).default('x'),
  list: z.array(z.string()).min(1).max(2).default(['x']),
  run: z.tuple([z.string()], z.string()).default(['x']),
  agent: z
    .discriminatedUnion('name', [
      z.object({ name: z.literal('a') }),
      z.object({ name: z.literal('b') }),
    ])
    .default({ name: 'a' }),
  rule: z
    .union([z.string().regex(/=/, 'must contain ='), z.strictObject({ from: z.string() })])
    .default('='),
  address: z.url().optional(),
})

const faults = (given: unknown): readonly string[] => {
  const read = readPlainly(Schema, given)
  return read.ok ? [] : read.faults.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('a wrong value', () => {
  it.each([
    [{ port: 'abc' }, 'port: "abc" is not a number'],
    [{ port: '1.5' }, 'port: 1.5 is not a whole number'],
    [{ port: '0' }, 'port: 0 is too small; the minimum is 1'],
    [{ port: 1e21 }, 'port: 1e+21 is too large; the maximum is 65535'],
    [{ mode: 'quick' }, 'mode: "quick" is not one of fast, slow'],
    [{ name: '' }, 'name: is empty'],
    [{ name: 'too long' }, 'name: has 8 characters; the maximum is 5'],
    [{ name: null }, 'name: null is not text'],
    [{ list: [] }, 'list: is empty'],
    [{ list: ['a', 'b', 'c'] }, 'list: has 3 entries; the maximum is 2'],
    [{ run: 'sh' }, 'run: "sh" is not a list'],
    [{ agent: { name: 'c' } }, 'agent.name: "c" is not one of a, b'],
    [{ agent: {} }, 'agent.name: is missing: use one of a, b'],
    [{ rule: 'x' }, 'rule: must contain ='],
    [{ rule: { from: 1 } }, 'rule: from: 1 is not text'],
    [{ address: 'x' }, 'address: must be a URL, such as https://host.example:7373'],
  ])('%j is reported in plain English', (given, words) => {
    expect(faults(given)).toEqual([words])
  })

  it('is reported as missing, and truncated when it is long', () => {
    const read = readPlainly(z.object({ kind: z.string(), n: z.number() }), { n: 'y'.repeat(999) })
    const messages = read.ok ? [] : read.faults.map(({ message }) => message)
    expect(messages).toEqual(['is missing', `"${'y'.repeat(60)}…" is not a number`])
  })
})
