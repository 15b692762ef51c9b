import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { JobId, newJobId, shortId } from './id.ts'

describe('job id', () => {
  it('is a UUIDv7 that contains its creation time', () => {
    const id = newJobId(1_700_000_000_123, randomBytes)
    expect(JobId.parse(id)).toBe(id)
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_123)
  })

  it('sorts by time, whatever its random bits', () => {
    const early = newJobId(1_700_000_000_000, () => new Uint8Array(16).fill(255))
    const late = newJobId(1_700_000_000_001, () => new Uint8Array(16))
    expect([late, early].toSorted()).toEqual([early, late])
  })

  it('is shortened to its last 12 digits, which are random', () => {
    const id = newJobId(0, () => new Uint8Array(16).fill(171))
    expect(shortId(id)).toBe('abababababab')
  })

  it('does not change the bytes it is given', () => {
    const bytes = new Uint8Array(16)
    newJobId(5, () => bytes)
    expect(bytes).toEqual(new Uint8Array(16))
  })
})
