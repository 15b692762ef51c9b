import { AppError } from '../../domain/errors.ts'
import type { HubState } from '../context.ts'

const RETRY_AFTER_SECONDS = 10

/**
 * Refuses new work while there is still room for the ledger to finish the work at hand.
 * Throws `disk-full`.
 */
export async function demandRoom({ disk }: Pick<HubState, 'disk'>): Promise<void> {
  if (disk === undefined) return
  const free = await disk.freeBytes()
  if (free >= disk.floorBytes) return
  throw new AppError(
    'disk-full',
    `The disk of the hub’s data folder has ${free} bytes left; it keeps ${disk.floorBytes} free.`,
  )
}

/**
 * Refuses a further job while the disk has no room, or so many wait already: a producer gone mad
 * fills neither disk nor lists. A few more may slip in at the same moment. Throws `disk-full` or
 * `queue-full`.
 */
export async function demandRoomForJobs(
  hub: Pick<HubState, 'disk' | 'ledger' | 'limits'>,
): Promise<void> {
  await demandRoom(hub)
  const counts = await hub.ledger.counts()
  const queued = counts.reduce((sum, { state, jobs }) => sum + (state === 'queued' ? jobs : 0), 0)
  if (queued < hub.limits.queuedJobs) return
  throw new AppError('queue-full', `${queued} jobs are queued already.`, {
    details: { retryAfterSeconds: RETRY_AFTER_SECONDS },
  })
}
