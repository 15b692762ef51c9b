import { describe, expect, it } from 'vitest'
import { refuseOddJson } from './odd-json.ts'

const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)])

describe('odd JSON', () => {
  it('may be 64 levels deep and hold 100,000 values, and no more', () => {
    refuseOddJson(nested(64))
    expect(() => refuseOddJson(nested(65))).toThrow('deeper than 64')
    refuseOddJson(Array.from({ length: 99_999 }, () => 0))
    expect(() => refuseOddJson(Array.from({ length: 100_000 }, () => 0))).toThrow('100000 values')
  })
})
