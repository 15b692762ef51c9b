import { describe, expect, it } from 'vitest'
import { InFlight } from './in-flight.ts'

/** A request that the test ends by hand. */
function post(inFlight: InFlight, host: string): PromiseWithResolvers<void> {
  const message = Promise.withResolvers<void>()
  inFlight.add(host, message.promise)
  return message
}

describe('requests in flight', () => {
  it('are at most two per host', async () => {
    const inFlight = new InFlight()
    const first = post(inFlight, 'a')
    post(inFlight, 'b')
    expect(inFlight.busyHosts).toEqual([])
    post(inFlight, 'a')
    expect(inFlight.busyHosts).toEqual(['a'])
    first.resolve()
    await expect.poll(() => inFlight.busyHosts).toEqual([])
  })

  it('are at most eight: the ninth waits until one ends', async () => {
    const inFlight = new InFlight()
    const messages = Array.from({ length: 8 }, (_, index) => post(inFlight, `host ${index}`))
    let room = false
    const waiting = inFlight.room().then(() => {
      room = true
      return room
    })
    await Promise.resolve()
    expect(room).toBe(false)
    messages[3]?.resolve()
    expect(await waiting).toBe(true)
  })

  it('throw their error once, at the next wait', async () => {
    const inFlight = new InFlight()
    post(inFlight, 'a').reject(new Error('the ledger is away'))
    await expect(inFlight.allDone()).rejects.toThrow('the ledger is away')
    await expect(inFlight.room()).resolves.toBeUndefined()
  })
})
