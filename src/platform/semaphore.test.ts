import { expect, it } from 'vitest'
import { semaphore } from './semaphore.ts'

it('as many tasks run at once as there are permits, in order, also after one that fails', async () => {
  const limited = semaphore(2)
  const started: number[] = []
  const tasks = [0, 1, 2, 3].map(() => Promise.withResolvers<number>())
  const ends = tasks.map(({ promise }, number) =>
    limited(() => {
      started.push(number)
      return promise
    }),
  )
  expect(started).toEqual([0, 1])

  tasks[1]?.reject(new Error('no'))
  await expect(ends[1]).rejects.toThrow('no')
  expect(started).toEqual([0, 1, 2])

  tasks[2]?.resolve(2)
  await ends[2]
  expect(started).toEqual([0, 1, 2, 3])

  for (const [number, { resolve }] of tasks.entries()) resolve(number)
  expect(await Promise.all([ends[0], ends[2], ends[3]])).toEqual([0, 2, 3])
  expect(await limited(() => Promise.resolve('after'))).toBe('after')
})
