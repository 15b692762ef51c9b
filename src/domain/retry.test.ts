import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backOffMs, RetryPolicy } from './retry.ts'

const policy = RetryPolicy.parse({ delayMs: 10_000, factor: 2, capMs: 60_000 })

describe('back-off', () => {
  it('starts with the second failure, grows by the factor and stops at the cap', () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => backOffMs(policy, failures))).toEqual([
      0, 10_000, 20_000, 40_000, 60_000, 60_000,
    ])
  })

  it('never shrinks and never passes the cap, also for thousands of failures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (failures) => {
        const wait = backOffMs(policy, failures)
        expect(wait).toBeLessThanOrEqual(policy.capMs)
        expect(backOffMs(policy, failures + 1)).toBeGreaterThanOrEqual(wait)
      }),
    )
  })
})
