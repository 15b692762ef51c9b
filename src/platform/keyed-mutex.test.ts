import { describe, expect, it } from 'vitest'
import { keyedMutex } from './keyed-mutex.ts'

describe('tasks', () => {
  it('of one key run one after another, in order, also after one that failed', async () => {
    const exclusive = keyedMutex()
    const seen: string[] = []
    const first = Promise.withResolvers<void>()
    const tasks = [
      exclusive('key', async () => {
        await first.promise
        seen.push('first')
        throw new Error('failed')
      }),
      exclusive('key', async () => seen.push('second')),
      exclusive('key', async () => seen.push('third')),
    ]
    await exclusive('other', async () => seen.push('other key'))
    first.resolve()

    const endings = await Promise.allSettled(tasks)

    expect(seen).toEqual(['other key', 'first', 'second', 'third'])
    expect(endings.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })
})
