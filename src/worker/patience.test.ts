import { describe, expect, it } from 'vitest'
import { HandClock } from '../../test/support/sqlite-ledger.ts'
import { AppError } from '../domain/errors.ts'
import { insist, saysLeaseLost, within } from './patience.ts'

const AWAY = new AppError('hub-unreachable', 'nobody there')
const LOST = new AppError('lease-lost', 'it is over')
const FOREVER = new AbortController().signal

/** A call that fails with these, one after the other, and then answers. */
const failing = (...errors: readonly Error[]) => {
  const left = [...errors]
  return (): Promise<string> => {
    const error = left.shift()
    return error === undefined ? Promise.resolve('answer') : Promise.reject(error)
  }
}

/** A call that hears of nothing until its signal aborts. */
const silent = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })

describe('insisting', () => {
  it('asks again, later each time, until there is an answer', async () => {
    const clock = new HandClock()
    const began = clock.now()
    expect(await insist(failing(AWAY, AWAY, AWAY), { clock, tryMs: 60_000 }, FOREVER)).toBe(
      'answer',
    )
    expect(clock.now() - began).toBe(250 + 500 + 1000)
  })

  it('ends with what the hub refuses, and with a bug', async () => {
    const clock = new HandClock()
    await expect(insist(failing(LOST), { clock, tryMs: 60_000 }, FOREVER)).rejects.toBe(LOST)
    // Some errors of the network call themselves retryable too.
    const bug = Object.assign(new Error('a bug'), { retryable: true })
    await expect(insist(failing(bug), { clock, tryMs: 60_000 }, FOREVER)).rejects.toBe(bug)
  })

  it('asks nothing more after the signal has aborted', async () => {
    const reason = new Error('enough')
    const asked = insist(
      failing(),
      { clock: new HandClock(), tryMs: 60_000 },
      AbortSignal.abort(reason),
    )
    await expect(asked).rejects.toBe(reason)
  })

  it('ends with the signal’s reason, whatever the call that it broke off throws', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const call = async (): Promise<never> => {
      stop.abort(reason)
      throw new TypeError('fetch failed')
    }
    const asked = insist(call, { clock: new HandClock(), tryMs: 60_000 }, stop.signal)
    await expect(asked).rejects.toBe(reason)
  })
})

describe('a call within a time', () => {
  it('ends as hub-unreachable when the hub is silent', async () => {
    await expect(within(silent, 10, FOREVER)).rejects.toMatchObject({ code: 'hub-unreachable' })
  })

  it('ends with its own error when that comes first', async () => {
    await expect(within(failing(LOST), 10_000, FOREVER)).rejects.toBe(LOST)
  })

  it('ends with the signal’s reason when that aborts, even after its time', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const call = async (signal: AbortSignal) => {
      await silent(signal).catch(() => {})
      stop.abort(reason)
      return stop.signal.throwIfAborted()
    }
    await expect(within(call, 10, stop.signal)).rejects.toBe(reason)
  })
})

describe('an attempt that is gone', () => {
  it('is one that the hub calls lost, ended or unknown', () => {
    expect([LOST, AWAY, new Error('lease-lost')].map(saysLeaseLost)).toEqual([true, false, false])
  })
})
