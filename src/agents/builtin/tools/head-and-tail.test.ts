import { describe, expect, it } from 'vitest'
import { HeadAndTail } from './head-and-tail.ts'

const kept = (pieces: readonly string[], max: number): string => {
  const output = new HeadAndTail(max)
  for (const piece of pieces) output.push(Buffer.from(piece))
  return output.text
}

describe('an output', () => {
  it('that is short is kept whole', () => {
    expect(kept(['ab', 'cd', 'ef'], 6)).toBe('abcdef')
  })

  it('that is long keeps its beginning and its end and says what is missing', () => {
    expect(kept(['abcd', 'efghij', 'k', 'lm'], 6)).toBe('abc\n[… 7 bytes omitted …]\nklm')
  })
})
