import { describe, expect, it } from 'vitest'
import { requestDigest } from './request-digest.ts'

describe('the digest of a request', () => {
  it('does not depend on the order of members or on absent ones', () => {
    const one = requestDigest({ a: 1, b: { c: [1, { d: null, e: 'x' }] }, f: undefined })
    expect(requestDigest({ b: { c: [1, { e: 'x', d: null }] }, a: 1 })).toBe(one)
  })

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, {}],
    [{ a: {} }, { a: [] }],
    [{ 'a":1,"b': 2 }, { a: 1, b: 2 }],
  ])('tells %j from %j', (one, other) => {
    expect(requestDigest(one)).not.toBe(requestDigest(other))
  })
})
