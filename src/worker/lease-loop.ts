import { AppError, isAppError } from '../domain/errors.ts'
import { newUuid } from '../domain/id.ts'
import type { Lease } from '../domain/lease.ts'
import { PROTOCOL } from '../protocol/version.ts'
import type { WorkerContext } from './context.ts'
import { withTimeout } from './hub-call.ts'
import { untilRoom } from './room.ts'
import type { Slots } from './slots.ts'

/** How long the hub may wait for a job before it answers a claim (long poll), in milliseconds. */
const WAIT_MS = 25_000
/** How long the worker waits for the answer beyond the requested wait, in milliseconds. */
const SLACK_MS = 5000
const FIRST_BACKOFF_MS = 250
const LONGEST_BACKOFF_MS = 5000

type Leasing = Pick<
  WorkerContext,
  'hub' | 'identity' | 'folder' | 'leaseMs' | 'clock' | 'random' | 'log'
>

/**
 * Claims a job whenever a slot is free and passes each lease to `begin`. Retries forever while the
 * hub is unreachable. Throws the hub's refusal, such as a revoked token.
 * @param onKnown called once, when the hub has answered the first claim and so knows this worker
 */
export async function leaseJobs(
  leasing: Leasing,
  slots: Slots,
  { begin, onKnown }: { readonly begin: (lease: Lease) => void; readonly onKnown: () => void },
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log } = leasing
  let requestId = newUuid(clock.now(), random)
  let backoffMs = FIRST_BACKOFF_MS
  // The first claim does not wait: the hub answers it immediately, even if it has no job.
  let waitMs = 0
  while (await slots.free(signal)) {
    await untilRoom(leasing, signal)
    const answer = await claimOnce(leasing, { requestId, waitMs }, signal)
    if (answer === 'unreachable') {
      log.debug({ backoffMs }, 'hub unreachable')
      await clock.sleep(backoffMs, signal)
      backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS)
      continue
    }
    // Only a new claim gets a new id. A retry repeats the id, so that the hub returns the same
    // lease.
    requestId = newUuid(clock.now(), random)
    backoffMs = FIRST_BACKOFF_MS
    if (waitMs === 0) onKnown()
    waitMs = WAIT_MS
    if (answer !== null) begin(answer)
  }
}

type Ask = { readonly requestId: string; readonly waitMs: number }

/**
 * Claims once. Returns null if no job arrived in time, or `unreachable` if the hub did not answer.
 */
export async function claimOnce(
  leasing: Leasing,
  ask: Ask,
  signal: AbortSignal,
): Promise<Lease | null | 'unreachable'> {
  const call = (trying: AbortSignal) => claim(leasing, ask, trying)
  try {
    return await withTimeout(call, ask.waitMs + SLACK_MS, signal)
  } catch (error) {
    if (signal.aborted) return null
    if (isAppError(error) && error.retryable) return 'unreachable'
    throw error
  }
}

async function claim(
  { hub, identity, leaseMs }: Leasing,
  ask: Ask,
  signal: AbortSignal,
): Promise<Lease | null> {
  const body = { ...ask, protocol: PROTOCOL, worker: identity, leaseMs }
  try {
    return await hub.call('claimLease', { body }, signal)
  } catch (error) {
    // The hub may be too old to recognize all fields of the claim. In that case,
    // `requireProtocol` throws the clearer error `protocol-mismatch`.
    if (isAppError(error, 'request-invalid')) await requireProtocol(hub, identity, signal)
    throw error
  }
}

/** Throws `protocol-mismatch` if the hub's protocol is older than this worker's. */
async function requireProtocol(
  hub: Leasing['hub'],
  { version }: Leasing['identity'],
  signal: AbortSignal,
): Promise<void> {
  const other = await hub.call('live', {}, signal)
  if (other.protocol >= PROTOCOL) return
  throw new AppError(
    'protocol-mismatch',
    `The hub is version ${other.version} with protocol ${other.protocol}, but this worker is ` +
      `version ${version} with protocol ${PROTOCOL}. Upgrade the hub first.`,
  )
}
