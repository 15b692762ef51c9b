import { describe, expect, it } from 'vitest'
import { AppError } from '../domain/errors.ts'
import { hubAway } from './hub-away.ts'

const GONE = new AppError('hub-unreachable', 'does not answer')

describe('a hub that is away', () => {
  it('is told of at once and each minute, until it is back', () => {
    let now = 0
    const told: number[] = []
    const clock = { now: () => 1000 + now, monotonic: () => now }
    const away = hubAway(clock, (_, awayMs) => told.push(awayMs))
    for (; now <= 130_000; now += 1000) away.bear(GONE)
    expect(told).toEqual([0, 60_000, 120_000])
    expect(away.since).toBe(1000)
    away.over()
    expect(away.since).toBeNull()
    away.bear(GONE)
    expect(told.at(-1)).toBe(0)
  })

  it('is borne for five minutes, and another error not at all', () => {
    let now = 0
    const away = hubAway({ now: () => 0, monotonic: () => now }, () => {})
    away.bear(GONE)
    now = 300_001
    expect(() => away.bear(GONE)).toThrow(GONE)
    const other = new AppError('token-invalid', 'x')
    expect(() => away.bear(other)).toThrow(other)
  })
})
