import { AppError, isAppError } from '../domain/errors.ts'
import type { Answer, Source } from './exchange.ts'
import { type Provider, saysAway } from './refusal.ts'

/**
 * A quick retry cures a short failure. Only after so many failures in a row, the first of them so
 * long ago, does the gateway stop asking.
 */
const FAILURES_MIN = 3
const FAILING_MS_MIN = 1000

/**
 * How long the gateway does not ask, after the first, the second and each further time. Shorter than
 * the delays between the tries that the hub allows, so that each of these reaches the model.
 */
const RESTS_MS = [20_000, 40_000, 80_000] as const
const LONGEST_REST_MS = 80_000

type Failing = {
  failures: number
  readonly since: number
  rests: number
  /** Until then no request is passed on; afterwards one at a time. */
  restUntil: number
  asking: boolean
}

/**
 * Protects a model that is away from the retries of many agents: refuses their requests with
 * `upstream-unreachable` without asking the model, except one now and then. The first answer ends
 * the rest.
 * @param now monotonic time in milliseconds
 */
export function withRest(source: Source, now: () => number): Source {
  const failing = new Map<Provider, Failing>()

  return async (question, signal) => {
    const { provider } = question.route.dialect
    const before = failing.get(provider)
    if (before !== undefined && before.rests > 0) {
      if (before.asking || now() < before.restUntil) throw resting(provider, before, now())
      before.asking = true
    }
    try {
      const answer = await source(question, signal)
      if (isAway(answer)) noteFailure(failing, provider, now())
      else failing.delete(provider)
      return answer
    } catch (error) {
      if (isAppError(error, 'upstream-unreachable')) noteFailure(failing, provider, now())
      throw error
    } finally {
      if (before !== undefined) before.asking = false
    }
  }
}

/** A rate limit concerns an account and usually says when it ends, so it is no reason to rest. */
const isAway = ({ status }: Answer): boolean => status !== 429 && saysAway(status)

function noteFailure(all: Map<Provider, Failing>, provider: Provider, now: number): void {
  const one = all.get(provider) ?? {
    failures: 0,
    since: now,
    rests: 0,
    restUntil: 0,
    asking: false,
  }
  all.set(provider, one)
  one.failures += 1
  if (one.failures < FAILURES_MIN || now - one.since < FAILING_MS_MIN) return
  // Requests that were passed on at the same time fail together and count once.
  if (now < one.restUntil) return
  one.restUntil = now + (RESTS_MS[one.rests] ?? LONGEST_REST_MS)
  one.rests += 1
}

function resting(provider: Provider, { failures, restUntil }: Failing, now: number): AppError {
  const seconds = Math.max(1, Math.ceil((restUntil - now) / 1000))
  return new AppError(
    'upstream-unreachable',
    `The ${provider} model has not answered ${failures} requests in a row. The gateway asks it again in ${seconds} s.`,
  )
}
