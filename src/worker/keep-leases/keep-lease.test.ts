import { describe, expect, it } from 'vitest'
import { AppError } from '../../domain/errors.ts'
import { newJobId } from '../../domain/id.ts'
import { HubClient } from '../../protocol/client.ts'
import { keepLease, renewOnce } from './keep-lease.ts'
import { Lifeline } from './lifeline.ts'

const LEASE_MS = 60_000
const FOREVER = new AbortController().signal
const LOST = new AppError('lease-lost', 'it is over')
const UNREACHABLE = new AppError('hub-unreachable', 'nobody there')
// Some network errors have a `retryable` property too.
const BUG = Object.assign(new Error('a bug'), { retryable: true })
const KEPT = { leaseMs: LEASE_MS, cancelRequested: false }
const CANCEL = { leaseMs: LEASE_MS, cancelRequested: true }

/** A hub client that gets these answers, one after the other, and then none. */
class ScriptedClient extends HubClient {
  readonly #answers: unknown[]
  calls = 0

  constructor(answers: readonly unknown[]) {
    super({ url: 'http://127.0.0.1:1', token: null })
    this.#answers = [...answers]
  }

  override call(...[, , signal]: readonly unknown[]): Promise<never> {
    this.calls += 1
    const answer = this.#answers.shift()
    if (answer instanceof Error) return Promise.reject(answer)
    // The loop reads only the properties of the answers above.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (answer !== undefined) return Promise.resolve(answer as never)
    return new Promise((_, reject) => {
      if (!(signal instanceof AbortSignal)) return
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
}

const untilAborted = (_ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) resolve()
    signal?.addEventListener('abort', () => resolve())
  })

/** The clock is frozen: the lifeline sleeps until its signal aborts, the loop does not sleep. */
function keeping(answers: readonly unknown[]) {
  const hub = new ScriptedClient(answers)
  const cancels: string[] = []
  return {
    hub,
    fence: { jobId: newJobId(0, () => new Uint8Array(16)), attempt: 1 },
    leaseMs: LEASE_MS,
    lifeline: new Lifeline({ monotonic: () => 5000, sleep: untilAborted }, LEASE_MS),
    clock: { now: () => 0, monotonic: () => 5000, sleep: () => Promise.resolve() },
    onCancelRequested: () => cancels.push('cancel'),
    cancels,
  }
}

describe('keeping a lease', () => {
  it('ends when the hub says that it is lost', async () => {
    const kept = keeping([KEPT, UNREACHABLE, KEPT, LOST])
    expect(await keepLease(kept, FOREVER)).toBe('lease-lost')
    expect(kept.lifeline.lapsed()).toBe(true)
    expect(kept.hub.calls).toBe(4)
    expect(kept.cancels).toEqual([])
  })

  it('ends when it is released, and nothing is lost', async () => {
    const kept = keeping([KEPT])
    const release = new AbortController()
    const end = keepLease(kept, release.signal)
    await expect.poll(() => kept.hub.calls).toBe(2)
    release.abort()
    expect(await end).toBe('released')
    expect(kept.lifeline.lapsed()).toBe(false)
    expect(kept.hub.calls).toBe(2)
  })

  it('continues after a cancel, which is reported each time', async () => {
    const kept = keeping([CANCEL, CANCEL, LOST])
    expect(await keepLease(kept, FOREVER)).toBe('lease-lost')
    expect(kept.cancels).toHaveLength(2)
  })
})

const renewed = (answer: unknown, signal = FOREVER) => renewOnce(keeping([answer]), 0, signal)

describe('one renewal', () => {
  it('returns its result', async () => {
    expect(await renewed(KEPT)).toBe('renewed')
    expect(await renewed(CANCEL)).toBe('cancel-requested')
    expect(await renewed(LOST)).toBe('lease-lost')
    expect(await renewed(UNREACHABLE)).toBe('failed')
  })

  it('that is aborted has lost nothing', async () => {
    expect(await renewed(LOST, AbortSignal.abort())).toBe('renewed')
  })

  it('that is refused otherwise, or meets a bug, ends the worker', async () => {
    const refused = new AppError('request-invalid', 'what lease?')
    await expect(renewed(refused)).rejects.toBe(refused)
    await expect(renewed(BUG)).rejects.toBe(BUG)
  })
})
