import { expect, it } from 'vitest'
import { eachOf } from './each-of.ts'

const items = Array.from({ length: 50 }, (_, index) => index)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('runs all calls, in the order of the items and at most eight at a time', async () => {
  const started: number[] = []
  let running = 0
  let most = 0
  await eachOf(items, async (item) => {
    started.push(item)
    running += 1
    most = Math.max(most, running)
    await turn()
    running -= 1
  })
  expect(started).toEqual(items)
  expect([most, running]).toEqual([8, 0])
})

it('starts no call after a failed one, and fails when the running calls have ended', async () => {
  const ended: number[] = []
  const done = eachOf(items, async (item) => {
    if (item === 10) throw new Error('refused')
    await turn()
    ended.push(item)
  })
  await expect(done).rejects.toThrow('refused')
  expect(ended.length).toBeLessThan(20)
  const before = ended.length
  await turn()
  expect(ended.length).toBe(before)
})
