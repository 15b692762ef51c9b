import { assert, integer, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { durationText, readDuration, readSize, sizeText, typedDuration } from './read-quantity.ts'

describe('a duration', () => {
  it.each([
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['2D', 172_800_000],
  ])('may be written as %s', (text, ms) => {
    expect(readDuration(text)).toBe(ms)
  })

  it.each(['', 'm', '10', '10x', '10 m x', '5m1h', '1m1m', '-5m', '1e3s', '10m,'])(
    'is not %j',
    (text) => {
      expect(readDuration(text)).toBeNull()
    },
  )

  it('that was written for people is read back', () => {
    assert(
      property(nat({ max: 10 ** 12 }), (ms) => {
        const text = durationText(ms)
        expect(text === '0' ? 0 : readDuration(text)).toBe(ms)
      }),
    )
  })

  it('may be a plain number of milliseconds, within its bounds', () => {
    const schema = typedDuration(z.int().min(1000))
    expect([schema.parse(5000), schema.parse('5000'), schema.parse('5s')]).toEqual([
      5000, 5000, 5000,
    ])
    expect(schema.safeParse('500ms').success).toBe(false)
    expect(schema.safeParse('soon').error?.issues[0]?.message).toBe(
      '"soon" is not a duration: write 10m, 1h30m, 500ms or a number of milliseconds',
    )
  })
})

describe('a size', () => {
  it.each([
    ['2GB', 2e9],
    ['64MiB', 64 * 2 ** 20],
    ['1.5 kB', 1500],
    ['900b', 900],
  ])('may be written as %s', (text, bytes) => {
    expect(readSize(text)).toBe(bytes)
  })

  it.each(['2G', 'GB', '10', '1 XB'])('is not %j', (text) => {
    expect(readSize(text)).toBeNull()
  })

  it('that was written for people is read back', () => {
    assert(
      property(integer({ min: 1, max: 2 ** 45 }), (bytes) => {
        const text = sizeText(bytes)
        expect(readSize(text) ?? Number(text)).toBe(bytes)
      }),
    )
  })
})
