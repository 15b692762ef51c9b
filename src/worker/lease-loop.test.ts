import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { HandClock } from '../../test/support/sqlite-ledger.ts'
import { AppError } from '../domain/errors.ts'
import { silentLog } from '../platform/log.ts'
import { HubClient } from '../protocol/client.ts'
import { claimOnce } from './lease-loop.ts'

const FOREVER = new AbortController().signal
const REQUEST = '0b0e2d3c-6f0a-4b54-9a3e-6f7f3f4d2a11'

/** A hub client whose calls all fail. */
class FailingClient extends HubClient {
  readonly #error: Error

  constructor(error: Error) {
    super({ url: 'http://127.0.0.1:1', token: null })
    this.#error = error
  }

  override call(): Promise<never> {
    return Promise.reject(this.#error)
  }
}

const ask = (error: Error, signal: AbortSignal = FOREVER) =>
  claimOnce(
    {
      hub: new FailingClient(error),
      identity: {
        id: REQUEST,
        bootId: REQUEST,
        name: 'tester',
        version: '0.1.0',
        slots: 1,
        kinds: ['code'],
        labels: [],
        offers: [],
        sandbox: 'none',
      },
      folder: tmpdir(),
      leaseMs: 60_000,
      clock: new HandClock(),
      random: randomBytes,
      log: silentLog,
    },
    { requestId: REQUEST, waitMs: 0 },
    signal,
  )

describe('a claim', () => {
  it('without an answer returns unreachable', async () => {
    expect(await ask(new AppError('hub-unreachable', 'nobody there'))).toBe('unreachable')
  })

  it('that is refused, or meets a bug, ends the worker', async () => {
    const refused = new AppError('token-invalid', 'revoked')
    await expect(ask(refused)).rejects.toBe(refused)
    const bug = Object.assign(new Error('a bug'), { retryable: true })
    await expect(ask(bug)).rejects.toBe(bug)
  })

  it('of a worker that stops returns null', async () => {
    expect(await ask(new Error('aborted'), AbortSignal.abort())).toBeNull()
  })
})
