import { expect, it } from 'vitest'
import { clipMiddle } from './text.ts'

it('a text that is truncated in its middle keeps its beginning and end within the limit', () => {
  expect(clipMiddle('short', 5)).toBe('short')
  expect(clipMiddle('abcdefghij', 9)).toBe('ab\n[…]\nij')
  expect(clipMiddle('x'.repeat(5000), 2048)).toHaveLength(2048)
})
