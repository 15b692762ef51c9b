import { describe, expect, it } from 'vitest'
import { AppError } from '../domain/errors.ts'
import { hubOutage } from './hub-outage.ts'

const GONE = new AppError('hub-unreachable', 'does not answer')

describe('an outage of the hub', () => {
  it('is reported at once and each minute, until it is over', () => {
    let now = 0
    const reported: number[] = []
    const clock = { now: () => 1000 + now, monotonic: () => now }
    const outage = hubOutage(clock, (_, outageMs) => reported.push(outageMs))
    for (; now <= 130_000; now += 1000) outage.failed(GONE)
    expect(reported).toEqual([0, 60_000, 120_000])
    expect(outage.since).toBe(1000)
    outage.over()
    expect(outage.since).toBeNull()
    outage.failed(GONE)
    expect(reported.at(-1)).toBe(0)
  })

  it('is tolerated for five minutes, and another error is not', () => {
    let now = 0
    const outage = hubOutage({ now: () => 0, monotonic: () => now }, () => {})
    outage.failed(GONE)
    now = 300_001
    expect(() => outage.failed(GONE)).toThrow(GONE)
    const other = new AppError('token-invalid', 'x')
    expect(() => outage.failed(other)).toThrow(other)
  })
})
