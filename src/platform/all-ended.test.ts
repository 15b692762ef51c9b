import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { allEnded } from './all-ended.ts'

describe('tasks that end together', () => {
  it('answer in their order', async () => {
    expect(await allEnded([Promise.resolve(1), 'two'])).toEqual([1, 'two'])
  })

  it('fail only when the last of them has ended', async () => {
    const slow = Promise.withResolvers<void>()
    let isOver = false
    const all = allEnded([Promise.reject(new Error('broken')), slow.promise]).finally(() => {
      isOver = true
    })
    const end = all.then(() => 'well', String)
    await nextTurn()
    expect(isOver).toBe(false)
    slow.resolve()
    expect(await end).toBe('Error: broken')
  })
})
