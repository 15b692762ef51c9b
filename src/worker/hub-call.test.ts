import { describe, expect, it } from 'vitest'
import { HandClock } from '../../test/support/sqlite-ledger.ts'
import { AppError } from '../domain/errors.ts'
import { callUntilAnswered, saysLeaseLost, withTimeout } from './hub-call.ts'

const UNREACHABLE = new AppError('hub-unreachable', 'nobody there')
const LOST = new AppError('lease-lost', 'it is over')
const FOREVER = new AbortController().signal

/** A call that fails with these errors, one after the other, and then succeeds. */
const failing = (...errors: readonly Error[]) => {
  const left = [...errors]
  return (): Promise<string> => {
    const error = left.shift()
    return error === undefined ? Promise.resolve('answer') : Promise.reject(error)
  }
}

/** A call without an answer until its signal aborts. */
const silent = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })

describe('a call that is retried until it is answered', () => {
  it('waits longer before each retry', async () => {
    const clock = new HandClock()
    const began = clock.now()
    expect(
      await callUntilAnswered(
        failing(UNREACHABLE, UNREACHABLE, UNREACHABLE),
        { clock, tryMs: 60_000 },
        FOREVER,
      ),
    ).toBe('answer')
    expect(clock.now() - began).toBe(250 + 500 + 1000)
  })

  it('ends with a refusal of the hub, and with a bug', async () => {
    const clock = new HandClock()
    await expect(callUntilAnswered(failing(LOST), { clock, tryMs: 60_000 }, FOREVER)).rejects.toBe(
      LOST,
    )
    // Some network errors have a `retryable` property too.
    const bug = Object.assign(new Error('a bug'), { retryable: true })
    await expect(callUntilAnswered(failing(bug), { clock, tryMs: 60_000 }, FOREVER)).rejects.toBe(
      bug,
    )
  })

  it('is not made after the signal has aborted', async () => {
    const reason = new Error('enough')
    const asked = callUntilAnswered(
      failing(),
      { clock: new HandClock(), tryMs: 60_000 },
      AbortSignal.abort(reason),
    )
    await expect(asked).rejects.toBe(reason)
  })

  it('ends with the signal’s reason, whatever the aborted call throws', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const call = async (): Promise<never> => {
      stop.abort(reason)
      throw new TypeError('fetch failed')
    }
    const asked = callUntilAnswered(call, { clock: new HandClock(), tryMs: 60_000 }, stop.signal)
    await expect(asked).rejects.toBe(reason)
  })
})

describe('a call with a timeout', () => {
  it('ends as hub-unreachable when the hub is silent', async () => {
    await expect(withTimeout(silent, 10, FOREVER)).rejects.toMatchObject({
      code: 'hub-unreachable',
    })
  })

  it('ends with its own error when that comes first', async () => {
    await expect(withTimeout(failing(LOST), 10_000, FOREVER)).rejects.toBe(LOST)
  })

  it('ends with the signal’s reason when that aborts, even after its time', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const call = async (signal: AbortSignal) => {
      await silent(signal).catch(() => {})
      stop.abort(reason)
      return stop.signal.throwIfAborted()
    }
    await expect(withTimeout(call, 10, stop.signal)).rejects.toBe(reason)
  })
})

describe('a lost lease', () => {
  it('is recognized by the code of the hub’s answer', () => {
    expect([LOST, UNREACHABLE, new Error('lease-lost')].map(saysLeaseLost)).toEqual([
      true,
      false,
      false,
    ])
  })
})
