import { AppError } from '../../domain/errors.ts'
import type { Ledger } from '../../ledger/port.ts'

const RETRY_AFTER_SECONDS = 10

/**
 * Refuses a further job while so many wait already: a producer gone mad fills neither disk nor
 * lists. A few more may slip in at the same moment. Throws `queue-full`.
 */
export async function demandPlaceInQueue(ledger: Ledger, queuedMax: number): Promise<void> {
  const counts = await ledger.counts()
  const queued = counts.reduce((sum, { state, jobs }) => sum + (state === 'queued' ? jobs : 0), 0)
  if (queued < queuedMax) return
  throw new AppError('queue-full', `${queued} jobs are queued already.`, {
    details: { retryAfterSeconds: RETRY_AFTER_SECONDS },
  })
}
