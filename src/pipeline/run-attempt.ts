import type { Attempt, RunKind } from '../domain/attempt.ts'
import { AppError } from '../domain/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Probe } from '../domain/probe.ts'
import { REASONS, type ReasonCode } from '../domain/reasons.ts'
import { StepFailed, type StopCause } from '../domain/stop.ts'
import { clip } from '../domain/text.ts'
import type { Clock } from '../platform/clock.ts'
import { isDiskFull } from '../platform/disk-space.ts'
import type { Logger } from '../platform/log.ts'
import { watchIdle } from './idle-watch.ts'
import type { StopOrder } from './stop-order.ts'

const DETAIL_MAX = 8192

export type AttemptParts = {
  /** The fields of `Attempt` that are passed to the kind unchanged. */
  readonly given: Omit<Attempt, 'now' | 'step' | 'watched' | 'grace'>
  readonly clock: Clock
  readonly log: Logger
  readonly probe: Probe
}

/**
 * Runs one attempt under its limits, from an empty folder to an outcome. Never throws: an
 * unexpected error from the kind becomes a `worker-error` failure, and its stack is written to the
 * worker's log.
 */
export async function runAttempt(
  run: RunKind,
  parts: AttemptParts,
  stopOrder: StopOrder,
): Promise<Outcome> {
  const { given, clock, log } = parts
  const { limits } = given.work
  const over = new AbortController()
  void stopAtWallLimit(limits.wallMs, clock, stopOrder, over.signal)
  const steps = new Steps(parts, stopOrder)
  const attempt: Attempt = {
    ...given,
    now: () => clock.now(),
    step: (name, work) => steps.run(name, work),
    watched: (work) => watchIdle({ limitMs: limits.idleMs, clock, stopOrder }, work),
    grace: () => stopOrder.grace(),
  }
  try {
    stopOrder.check()
    return await run(attempt, stopOrder.signal)
  } catch (error) {
    return outcomeOf(error, { step: steps.current, why: stopOrder.why, log })
  } finally {
    over.abort()
  }
}

async function stopAtWallLimit(
  wallMs: number,
  clock: Clock,
  stopOrder: StopOrder,
  over: AbortSignal,
): Promise<void> {
  await clock.sleep(wallMs, over)
  if (over.aborted) return
  stopOrder.stop({
    kind: 'limit',
    reason: 'wall-limit',
    detail: `the attempt took longer than ${wallMs} ms (limits.wallMs)`,
  })
}

/** Runs named steps. Remembers the current step, so that a failure can name the step. */
class Steps {
  readonly #parts: AttemptParts
  readonly #stopOrder: StopOrder
  current: string | undefined

  constructor(parts: AttemptParts, stopOrder: StopOrder) {
    this.#parts = parts
    this.#stopOrder = stopOrder
  }

  async run<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const { given, clock, probe } = this.#parts
    this.#stopOrder.check()
    this.current = name
    given.report.tell({ type: 'step-started', step: name })
    const startedAt = clock.monotonic()
    const value = await work()
    const durationMs = Math.round(clock.monotonic() - startedAt)
    given.report.tell({ type: 'step-finished', step: name, durationMs })
    await probe(`${name}-done`)
    return value
  }
}

type FailureContext = {
  readonly step: string | undefined
  readonly why: StopCause | null
  readonly log: Logger
}

function outcomeOf(error: unknown, { step, why, log }: FailureContext): Outcome {
  const failed = (reason: ReasonCode, detail: string): Outcome => ({
    kind: 'failed',
    reason,
    detail: clip(detail, DETAIL_MAX),
    ...(step === undefined ? {} : { step }),
  })
  // If the attempt was stopped, the stop caused the error, so the cause of the stop determines the
  // outcome.
  if (why !== null) return outcomeOfStop(why, failed)
  if (error instanceof StepFailed) {
    const { reason, detail, unavailable } = error
    if (unavailable === null) return failed(reason, detail)
    return { kind: 'deferred', reason, detail: clip(detail, DETAIL_MAX), closed: unavailable }
  }
  if (error instanceof AppError && isReason(error.code)) return failed(error.code, describe(error))
  if (isDiskFull(error)) return failed('disk-full', describe(error))
  log.error({ step, error }, 'attempt failed with an unexpected error')
  return failed('worker-error', describe(error))
}

function outcomeOfStop(
  why: StopCause,
  failed: (reason: ReasonCode, detail: string) => Outcome,
): Outcome {
  if (why.kind === 'limit') return failed(why.reason, why.detail)
  return STOP_OUTCOMES[why.kind]
}

const STOP_OUTCOMES: Record<Exclude<StopCause['kind'], 'limit'>, Outcome> = {
  cancelled: { kind: 'cancelled', reason: 'cancelled-by-request', detail: '' },
  'lease-lost': { kind: 'lease-lost' },
  drained: { kind: 'handed-back' },
}

const isReason = (code: string): code is ReasonCode => Object.hasOwn(REASONS, code)

function describe(error: unknown): string {
  if (error instanceof AppError) return error.explanation
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
