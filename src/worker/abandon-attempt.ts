import { isAppError } from '../domain/errors.ts'
import type { Fence } from '../domain/lease.ts'
import { attemptParams } from './attempt-params.ts'
import type { WorkerContext } from './context.ts'
import { callUntilAnswered } from './hub-call.ts'

const TRY_MS = 10_000

/**
 * Tells the hub that an attempt of an earlier run of this worker has ended without a report. The
 * hub then treats the lease as expired, so that the job can be claimed again. Waits while the hub
 * is unreachable. Throws the signal's reason or `token-invalid`.
 */
export async function abandonAttempt(
  fence: Fence,
  { hub, identity, clock, log }: Pick<WorkerContext, 'hub' | 'identity' | 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const body = { worker: { id: identity.id, bootId: identity.bootId } }
  try {
    await callUntilAnswered(
      (trying) => hub.call('abandonLease', { params: attemptParams(fence), body }, trying),
      { clock, tryMs: TRY_MS },
      signal,
    )
    log.info(fence, 'ended an attempt of an earlier run')
  } catch (error) {
    if (!isAppError(error) || error.code === 'token-invalid') throw error
    // Either the attempt has ended already, or the hub is too old to know this route. In the second
    // case, the job can be claimed again once the lease has expired.
    log.info({ ...fence, code: error.code }, 'the hub did not end an attempt of an earlier run')
  }
}
