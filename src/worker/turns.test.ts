import { expect, it } from 'vitest'
import { turns } from './turns.ts'

it('works take turns in order, as many at once as may, also after one that fails', async () => {
  const inTurn = turns(2)
  const begun: number[] = []
  const works = [0, 1, 2, 3].map(() => Promise.withResolvers<number>())
  const ends = works.map(({ promise }, number) =>
    inTurn(() => {
      begun.push(number)
      return promise
    }),
  )
  expect(begun).toEqual([0, 1])

  works[1]?.reject(new Error('no'))
  await expect(ends[1]).rejects.toThrow('no')
  expect(begun).toEqual([0, 1, 2])

  works[2]?.resolve(2)
  await ends[2]
  expect(begun).toEqual([0, 1, 2, 3])

  for (const [number, { resolve }] of works.entries()) resolve(number)
  expect(await Promise.all([ends[0], ends[2], ends[3]])).toEqual([0, 2, 3])
  expect(await inTurn(() => Promise.resolve('after'))).toBe('after')
})
