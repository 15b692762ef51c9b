import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backOffMs, RetryPolicy } from './retry.ts'

/** `backOffMs` as it was in protocol 1. */
const asBefore = ({ delayMs, factor, capMs }: RetryPolicy, failures: number): number =>
  failures <= 1 ? 0 : Math.min(capMs, Math.round(delayMs * factor ** (failures - 2)))

const policy = RetryPolicy.parse({ delayMs: 10_000, factor: 2, capMs: 60_000 })

describe('backoff', () => {
  it('starts with the second failure, grows by the factor and stops at the cap', () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => backOffMs(policy, failures))).toEqual([
      0, 10_000, 20_000, 40_000, 60_000, 60_000,
    ])
  })

  it('waits before the first retry when the policy says so, at most as long as the cap', () => {
    const patient = { ...policy, firstDelayMs: 3000 }
    expect([0, 1, 2].map((failures) => backOffMs(patient, failures))).toEqual([0, 3000, 10_000])
    expect(backOffMs({ ...policy, firstDelayMs: 70_000 }, 1)).toBe(60_000)
  })

  it('is unchanged for a policy without the members that protocol 2 added', () => {
    const older = fc.record({
      delayMs: fc.nat(86_400_000),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      capMs: fc.nat(604_800_000),
    })
    fc.assert(
      fc.property(older, fc.nat(100), (given, failures) => {
        const parsed = RetryPolicy.parse(given)
        expect(backOffMs(parsed, failures)).toBe(asBefore(parsed, failures))
      }),
    )
  })

  it('never shrinks and never exceeds the cap, even after thousands of failures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (failures) => {
        const wait = backOffMs(policy, failures)
        expect(wait).toBeLessThanOrEqual(policy.capMs)
        expect(backOffMs(policy, failures + 1)).toBeGreaterThanOrEqual(wait)
      }),
    )
  })
})
