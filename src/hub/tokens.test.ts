import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { JobId } from '../domain/id.ts'
import { attemptSecret, attemptToken, hashToken, parseToken, sameDigest } from './tokens.ts'

const jobId = JobId.parse('01a1fbb6-6f88-7d13-bfca-da33b818c4ab')
const { secret, hash } = attemptSecret(randomBytes)
const token = attemptToken({ jobId, attempt: 3 }, secret)

describe('tokens', () => {
  it('an attempt’s token names its job and attempt and proves it by the secret alone', () => {
    expect(parseToken(token)).toEqual({ kind: 'attempt', fence: { jobId, attempt: 3 }, hash })
    expect(hash).toBe(hashToken(secret))
  })

  it('a token with any letter changed is no token', () => {
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === '0' ? '1' : '0'
      expect(parseToken(token.slice(0, index) + other + token.slice(index + 1))).toBeNull()
    }
  })

  it.each(['', 'mw_', 'mwj_x', token.slice(1), `${token} `, token.toUpperCase(), 'x'.repeat(500)])(
    '%j is no token',
    (text) => {
      expect(parseToken(text)).toBeNull()
    },
  )

  it('secrets have 256 bits and never repeat', () => {
    const secrets = new Set(Array.from({ length: 1000 }, () => attemptSecret(randomBytes).secret))
    expect(secrets.size).toBe(1000)
    expect([...secrets].every((text) => Buffer.from(text, 'hex').length === 32)).toBe(true)
  })

  it('digests are the same only when every letter is', () => {
    expect(sameDigest(hash, hash)).toBe(true)
    expect(sameDigest(hash, hash.slice(1))).toBe(false)
    expect(sameDigest(hash, hashToken('other'))).toBe(false)
  })
})
