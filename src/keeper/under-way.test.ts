import { describe, expect, it } from 'vitest'
import { UnderWay } from './under-way.ts'

/** Messages that arrive when they are told to. */
function post(underWay: UnderWay, host: string): PromiseWithResolvers<void> {
  const message = Promise.withResolvers<void>()
  underWay.add(host, message.promise)
  return message
}

describe('messages on their way', () => {
  it('are two to one host and no more', async () => {
    const underWay = new UnderWay()
    const first = post(underWay, 'a')
    post(underWay, 'b')
    expect(underWay.crowded).toEqual([])
    post(underWay, 'a')
    expect(underWay.crowded).toEqual(['a'])
    first.resolve()
    await expect.poll(() => underWay.crowded).toEqual([])
  })

  it('are eight in all: the ninth waits until one has arrived', async () => {
    const underWay = new UnderWay()
    const messages = Array.from({ length: 8 }, (_, index) => post(underWay, `host ${index}`))
    let room = false
    const waiting = underWay.room().then(() => {
      room = true
      return room
    })
    await Promise.resolve()
    expect(room).toBe(false)
    messages[3]?.resolve()
    expect(await waiting).toBe(true)
  })

  it('tell whoever waits next what went wrong, once', async () => {
    const underWay = new UnderWay()
    post(underWay, 'a').reject(new Error('the ledger is away'))
    await expect(underWay.none()).rejects.toThrow('the ledger is away')
    await expect(underWay.room()).resolves.toBeUndefined()
  })
})
