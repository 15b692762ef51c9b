import { describe, expect, it } from 'vitest'
import { inTurns } from './in-turns.ts'

describe('turns', () => {
  it('of one key come in order, also after one that failed', async () => {
    const alone = inTurns()
    const seen: string[] = []
    const first = Promise.withResolvers<void>()
    const turns = [
      alone('key', async () => {
        await first.promise
        seen.push('first')
        throw new Error('failed')
      }),
      alone('key', async () => seen.push('second')),
      alone('key', async () => seen.push('third')),
    ]
    await alone('other', async () => seen.push('other key'))
    first.resolve()

    const endings = await Promise.allSettled(turns)

    expect(seen).toEqual(['other key', 'first', 'second', 'third'])
    expect(endings.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })
})
