import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dropUnknown } from './drop-unknown.ts'
import { readerOf } from './read-answer.ts'
import { ROUTES } from './routes.ts'

const Strict = z.strictObject({ a: z.int() })

describe('a schema that drops unknown members', () => {
  it.each([
    ['itself', Strict, { a: 1, b: 2 }, { a: 1 }],
    ['in a list', z.array(Strict), [{ a: 1, b: 2 }], [{ a: 1 }]],
    ['behind a default', Strict.default({ a: 3 }), { a: 1, b: 2 }, { a: 1 }],
    [
      'that may be absent',
      z.object({ c: Strict.optional() }),
      { c: { a: 1, b: 2 } },
      { c: { a: 1 } },
    ],
  ])('drops unknown members of an object %s', (_, schema, given, read) => {
    expect(dropUnknown(schema).parse(given)).toEqual(read)
  })

  it('keeps a default', () => {
    expect(dropUnknown(Strict.default({ a: 3 })).parse(undefined)).toEqual({ a: 3 })
  })

  it.each([
    ['ZodReadonly', Strict.readonly()],
    ['ZodCatch', Strict.catch({ a: 1 })],
    ['ZodLazy', z.lazy(() => Strict)],
    ['ZodTuple', z.tuple([Strict])],
  ])('is refused for a wrapper that it cannot look into: %s', (type, schema) => {
    expect(() => dropUnknown(schema)).toThrow(type)
  })

  it('exists for every answer of the protocol', () => {
    const answers = Object.values(ROUTES).map(({ answer }) => answer)
    const schemas = answers.filter((answer) => answer instanceof z.ZodType)
    expect(schemas.map(readerOf)).toHaveLength(schemas.length)
  })
})
