import { expect, it } from 'vitest'
import { shortened } from './shorten.ts'

const text = (count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('')

it('keeps a short text whole', () => {
  expect(shortened(text(4), { first: 2, last: 1 })).toEqual([
    'line 1',
    'line 2',
    'line 3',
    'line 4',
  ])
})

it('keeps the first and the last lines of a long text, and says how many are left out', () => {
  expect(shortened(text(9), { first: 2, last: 1 })).toEqual([
    'line 1',
    'line 2',
    '… 6 lines left out',
    'line 9',
  ])
  expect(shortened(text(9), { first: 1, last: 0 })).toEqual(['line 1', '… 8 lines left out'])
})
