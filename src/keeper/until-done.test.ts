import { describe, expect, it } from 'vitest'
import { untilDone } from './until-done.ts'

/** Work that is done in batches, and a count of the batches. */
function pile(size: number) {
  const rest = { size, visits: 0 }
  const work = async (limit: number) => {
    const done = Math.min(limit, rest.size)
    rest.size -= done
    rest.visits += 1
    return done
  }
  return { rest, work }
}

describe('work in batches', () => {
  it('continues until nothing is left', async () => {
    const { rest, work } = pile(250)
    expect(await untilDone(work)).toBe(250)
    expect(rest).toEqual({ size: 0, visits: 4 })
  })

  it('leaves the rest to the next run when there is too much', async () => {
    const { rest, work } = pile(1_000_000)
    expect(await untilDone(work)).toBe(5000)
    expect(rest.visits).toBe(50)
  })
})
