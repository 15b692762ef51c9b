import { AppError, isAppError } from '../domain/errors.ts'
import type { Answer, Source } from './exchange.ts'
import { type Provider, meansUnavailable } from './refusal.ts'

/**
 * The gateway begins to reject requests when at least FAILURES_MIN requests in a row have failed
 * and the first of them failed at least FAILING_MS_MIN milliseconds ago. Agents handle shorter
 * failures with their own retries.
 */
const FAILURES_MIN = 3
const FAILING_MS_MIN = 1000

/**
 * How long the gateway then rejects requests, in milliseconds: the first, second and third time.
 * From the fourth time on, it rejects them for LONGEST_REST_MS. These times are shorter than the
 * hub's delays before a trial (`nextTryMs` in `domain/closed.ts`), so that the requests of a trial
 * reach the model.
 */
const RESTS_MS = [20_000, 40_000, 80_000] as const
const LONGEST_REST_MS = 80_000

/**
 * After a rest, the gateway forwards at most one request per this many milliseconds, until a
 * request is answered or fails. It does not wait for the answer to one request before it forwards
 * the next, because the model may accept a request and never answer it.
 */
const PROBES_MS = 5000

type Failing = {
  failures: number
  readonly since: number
  rests: number
  /** The end of the latest rest (monotonic ms); 0 before the first rest. */
  restUntil: number
  /** The earliest time to forward the next request after a rest (monotonic ms). */
  nextProbeAt: number
}

/**
 * A circuit breaker for each model, which protects an unavailable model from the retries of many
 * agents. After repeated failures, rejects requests with `upstream-unreachable` for a time
 * ("rest"), and then forwards one request every few seconds. If such a request fails, the next rest
 * begins. After the first answer from the model, all requests are forwarded again.
 * @param now monotonic time in milliseconds
 */
export function withRest(source: Source, now: () => number): Source {
  const failing = new Map<Provider, Failing>()

  return async (question, signal) => {
    const { provider } = question.route.dialect
    const before = failing.get(provider)
    if (before !== undefined && before.rests > 0) {
      if (now() < opensAt(before)) throw resting(provider, before, now())
      before.nextProbeAt = now() + PROBES_MS
    }
    try {
      const answer = await source(question, signal)
      if (isUnavailable(answer)) noteFailure(failing, provider, now())
      else failing.delete(provider)
      return answer
    } catch (error) {
      if (isAppError(error, 'upstream-unreachable')) noteFailure(failing, provider, now())
      throw error
    }
  }
}

/**
 * Status 429 (rate limit) does not count as a failure here: the model responds, usually with a
 * reset time.
 */
const isUnavailable = ({ status }: Answer): boolean => status !== 429 && meansUnavailable(status)

function noteFailure(all: Map<Provider, Failing>, provider: Provider, now: number): void {
  const one = all.get(provider) ?? {
    failures: 0,
    since: now,
    rests: 0,
    restUntil: 0,
    nextProbeAt: 0,
  }
  all.set(provider, one)
  one.failures += 1
  if (one.failures < FAILURES_MIN || now - one.since < FAILING_MS_MIN) return
  // A request that was forwarded before the rest began must not extend the rest.
  if (now < one.restUntil) return
  one.restUntil = now + (RESTS_MS[one.rests] ?? LONGEST_REST_MS)
  one.rests += 1
}

/** The earliest time at which the gateway forwards a request (monotonic ms). */
const opensAt = ({ restUntil, nextProbeAt }: Failing): number => Math.max(restUntil, nextProbeAt)

function resting(provider: Provider, failing: Failing, now: number): AppError {
  const { failures } = failing
  const seconds = Math.ceil((opensAt(failing) - now) / 1000)
  return new AppError(
    'upstream-unreachable',
    `The last ${failures} requests to the ${provider} model failed. The gateway accepts the next request in ${seconds} s.`,
  )
}
