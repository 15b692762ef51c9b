import { AppError, isAppError } from '../domain/errors.ts'
import { newUuid } from '../domain/id.ts'
import type { Lease } from '../domain/lease.ts'
import { PROTOCOL } from '../protocol/version.ts'
import type { WorkerContext } from './context.ts'
import { within } from './patience.ts'
import { untilRoom } from './room.ts'
import type { Slots } from './slots.ts'

/** How long the hub may hold a request for a job. */
const WAIT_MS = 25_000
/** How much later than that an answer may come. */
const SLACK_MS = 5000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000

type Leasing = Pick<
  WorkerContext,
  'hub' | 'identity' | 'folder' | 'leaseMs' | 'clock' | 'random' | 'log'
>

/**
 * Asks for a job whenever a slot is free and hands each lease to `begin`. A hub that is away is
 * asked again for ever. Throws what the hub refuses, such as a revoked token.
 */
export async function leaseJobs(
  leasing: Leasing,
  slots: Slots,
  begin: (lease: Lease) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log } = leasing
  let requestId = newUuid(clock.now(), random)
  let pauseMs = FIRST_PAUSE_MS
  while (await slots.free(signal)) {
    await untilRoom(leasing, signal)
    const answer = await claimOnce(leasing, requestId, signal)
    if (answer === 'away') {
      log.debug({ pauseMs }, 'hub away')
      await clock.sleep(pauseMs, signal)
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
      continue
    }
    // A new question only after an answer: the hub gives the old question the old lease again.
    requestId = newUuid(clock.now(), random)
    pauseMs = FIRST_PAUSE_MS
    if (answer !== null) begin(answer)
  }
}

/** One question: a lease, null when there is no job, `away` when there was no answer. */
export async function claimOnce(
  leasing: Leasing,
  requestId: string,
  signal: AbortSignal,
): Promise<Lease | null | 'away'> {
  const ask = (trying: AbortSignal) => claim(leasing, requestId, trying)
  try {
    return await within(ask, WAIT_MS + SLACK_MS, signal)
  } catch (error) {
    if (signal.aborted) return null
    if (isAppError(error) && error.retryable) return 'away'
    throw error
  }
}

async function claim(
  { hub, identity, leaseMs }: Leasing,
  requestId: string,
  signal: AbortSignal,
): Promise<Lease | null> {
  const body = { requestId, protocol: PROTOCOL, worker: identity, leaseMs, waitMs: WAIT_MS }
  try {
    return await hub.call('claimLease', { body }, signal)
  } catch (error) {
    // An older hub does not know all that is in the question.
    if (isAppError(error, 'request-invalid')) await demandProtocol(hub, identity, signal)
    throw error
  }
}

/** Throws `protocol-mismatch` when the hub is older than this worker. */
async function demandProtocol(
  hub: Leasing['hub'],
  { version }: Leasing['identity'],
  signal: AbortSignal,
): Promise<void> {
  const other = await hub.call('live', {}, signal)
  if (other.protocol >= PROTOCOL) return
  throw new AppError(
    'protocol-mismatch',
    `The hub is version ${other.version} with protocol ${other.protocol}, this worker version ` +
      `${version} with protocol ${PROTOCOL}: upgrade the hub first.`,
  )
}
