import { expect, it } from 'vitest'
import { rememberTails } from './tails.ts'

it('no more tails are remembered than allowed, and those last written stay', () => {
  const tails = rememberTails(2)
  tails.set('a', 1)
  tails.set('b', 2)
  tails.set('a', 3)
  tails.set('c', 4)
  expect(['a', 'b', 'c'].map((name) => tails.get(name))).toEqual([3, undefined, 4])
})
