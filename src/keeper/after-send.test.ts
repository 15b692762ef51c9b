import { describe, expect, it } from 'vitest'
import type { Sent } from '../domain/callback.ts'
import { afterSend, TRIES_MAX } from './after-send.ts'

const answered = (status: number, retryAfterMs: number | null = null): Sent => ({
  kind: 'answered',
  status,
  retryAfterMs,
})
const LOST: Sent = { kind: 'unanswered', error: 'ECONNREFUSED' }
const HOUR = 3_600_000

const waitAfter = (tries: number, sent: Sent, chance = 0): number => {
  const next = afterSend(tries, sent, chance)
  return next.state === 'pending' ? next.delayMs : Number.NaN
}

describe('after a try', () => {
  it.each([200, 201, 202, 204, 299])('%i is delivered', (status) => {
    expect(afterSend(1, answered(status), 0)).toEqual({ state: 'delivered' })
  })

  it.each([100, 301, 302, 307, 400, 401, 404, 408, 429, 500, 503, 599, 0])(
    '%i is retried',
    (status) => {
      expect(waitAfter(1, answered(status))).toBe(5000)
    },
  )

  it('410 fails', () => {
    expect(afterSend(1, answered(410), 0)).toEqual({ state: 'failed' })
  })

  it('waits longer each time and gives up after three days', () => {
    const waits = Array.from({ length: TRIES_MAX - 1 }, (_, index) => waitAfter(index + 1, LOST))
    expect(waits).toEqual(waits.toSorted((one, other) => one - other))
    const total = waits.reduce((sum, wait) => sum + wait, 0)
    expect(total / HOUR).toBeGreaterThan(70)
    expect((total * 1.2) / HOUR).toBeLessThan(90)
    expect(afterSend(TRIES_MAX, LOST, 0)).toEqual({ state: 'failed' })
    expect(afterSend(TRIES_MAX, answered(200), 0)).toEqual({ state: 'delivered' })
  })

  it('jitter makes a delay up to a fifth longer', () => {
    expect(waitAfter(2, LOST, 0.5)).toBe(33_000)
    expect(waitAfter(2, LOST, 1)).toBe(36_000)
  })

  it('a receiver may ask for a longer delay, up to a day, and never for a shorter one', () => {
    expect(waitAfter(1, answered(503, 60_000))).toBe(60_000)
    expect(waitAfter(1, answered(503, 1))).toBe(5000)
    expect(waitAfter(1, answered(429, 1000 * HOUR))).toBe(24 * HOUR)
  })
})
