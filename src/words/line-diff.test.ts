import { array, assert, constantFrom, property } from 'fast-check'
import { expect, it } from 'vitest'
import { lineDiff, withContext } from './line-diff.ts'

const shown = (old: string, now: string): string =>
  lineDiff(old.split(' '), now.split(' '))
    .map(({ mark, text }) => mark.trim() + text)
    .join(' ')

it('keeps common lines and marks the others', () => {
  expect(shown('a b c d', 'a x c d e')).toBe('a -b +x c d +e')
})

it('has the old text without added lines, and the new text without removed lines', () => {
  const lines = array(constantFrom('a', 'b', 'c'), { maxLength: 12 })
  assert(
    property(lines, lines, (old, now) => {
      const diff = lineDiff(old, now)
      const without = (mark: string) =>
        diff.filter((line) => line.mark !== mark).map(({ text }) => text)
      expect(without('+')).toEqual(old)
      expect(without('-')).toEqual(now)
    }),
  )
})

it('shows common lines only near a difference, with a gap between', () => {
  const lines = lineDiff(Array.from('abcdefghijklmno'), Array.from('Abcdefghijklmnop'))
  const texts = withContext(lines, 2).map((line) => line?.text ?? '…')
  expect(texts.join('')).toBe('aAbc…nop')
})

it('treats texts that are too long to align as replaced', () => {
  const old = Array.from({ length: 3000 }, (_, index) => `old ${index % 2}`)
  const now = Array.from({ length: 3000 }, (_, index) => `new ${index % 2}`)
  const marks = lineDiff(old, now).map(({ mark }) => mark)
  expect(marks.indexOf('+')).toBe(3000)
})
