import { describe, expect, it } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { FailedLogins } from './failed-logins.ts'

describe('failed logins', () => {
  it('too many from one address must wait until its minute is over; others need not', () => {
    let now = 0
    const logins = new FailedLogins({ ...systemClock, monotonic: () => now }, 2)

    expect([logins.note('a'), logins.note('a')]).toEqual([null, null])
    now = 20_000
    expect(logins.note('a')).toBe(40)
    expect(logins.note('b')).toBeNull()
    now = 60_000
    expect(logins.note('a')).toBeNull()
  })
})
