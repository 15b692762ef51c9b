import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { isAppError } from '../domain/errors.ts'
import { parseInput } from './parse-input.ts'

const Schema = z.strictObject({
  title: z.string().max(5),
  steps: z
    .array(z.strictObject({ name: z.string(), optional: z.boolean().optional() }))
    .default([]),
  target: z
    .discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('none') }),
      z.strictObject({ mode: z.literal('branch'), branch: z.string() }),
    ])
    .nullable()
    .default(null),
})

function faults(value: unknown): unknown {
  try {
    parseInput(Schema, value, { code: 'payload-invalid', where: 'payload' })
    return []
  } catch (error) {
    if (!isAppError(error, 'payload-invalid')) throw error
    return error.details['errors']
  }
}

describe('parsing input', () => {
  it('fills in defaults', () => {
    const parsed = parseInput(Schema, { title: 'x' }, { code: 'payload-invalid', where: 'payload' })
    expect(parsed).toEqual({ title: 'x', steps: [], target: null })
  })

  it.each([
    [{ titel: 'x', title: 'x' }, 'payload', 'unknown key "titel"; did you mean title?'],
    [
      { title: 'x', steps: [{ name: 'a', nmae: 'b' }] },
      'payload.steps.0',
      'unknown key "nmae"; did you mean name?',
    ],
    [
      { title: 'x', target: { mode: 'branch', branch: 'a', brnch: 'b' } },
      'payload.target',
      'unknown key "brnch"; did you mean branch?',
    ],
    [
      { title: 'x', something: 1 },
      'payload',
      'unknown key "something"; known keys: title, steps, target',
    ],
    [
      { title: 'x', something: 1, other: 2 },
      'payload',
      'unknown key "something"; unknown key "other"; known keys: title, steps, target',
    ],
  ])('names the unknown key in %j and what was meant', (value, path, message) => {
    expect(faults(value)).toEqual([{ path, message }])
  })

  it('names every wrong field, up to a limit', () => {
    expect(faults({ title: 'too long', steps: [{}] })).toHaveLength(2)
    expect(faults({ title: 'x', steps: Array.from({ length: 50 }, () => ({})) })).toHaveLength(20)
    expect(faults(undefined)).toMatchObject([{ path: 'payload' }])
  })

  it('a key of a million letters costs no more than a short one', () => {
    expect(faults({ title: 'x', ['k'.repeat(1_000_000)]: 1 })).toMatchObject([
      { message: `unknown key "${'k'.repeat(64)}"; known keys: title, steps, target` },
    ])
  })
})
