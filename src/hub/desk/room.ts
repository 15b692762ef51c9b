import { AppError } from '../../domain/errors.ts'
import type { HubState } from '../context.ts'

const RETRY_AFTER_SECONDS = 10

/**
 * Throws `disk-full` if the disk has less than `disk.floorBytes` of free space. This space is reserved
 * for the ledger, so that the hub can finish jobs that it has already accepted.
 */
export async function demandRoom({ disk }: Pick<HubState, 'disk'>): Promise<void> {
  if (disk === undefined) return
  const free = await disk.freeBytes()
  if (free >= disk.floorBytes) return
  throw new AppError(
    'disk-full',
    `The disk that holds the hub’s data folder has only ${free} bytes free; the hub needs ${disk.floorBytes} bytes to accept new work.`,
  )
}

/**
 * Throws `disk-full` if there is too little disk space for a new job. Throws `queue-full` if too
 * many jobs are queued, so that a runaway producer cannot overload the hub. Concurrent submissions
 * can exceed the limit by a few jobs.
 */
export async function demandRoomForJobs(
  hub: Pick<HubState, 'disk' | 'ledger' | 'limits'>,
): Promise<void> {
  await demandRoom(hub)
  const counts = await hub.ledger.counts()
  const queued = counts.reduce((sum, { state, jobs }) => sum + (state === 'queued' ? jobs : 0), 0)
  if (queued < hub.limits.queuedJobs) return
  throw new AppError('queue-full', `The hub already has ${queued} queued jobs.`, {
    details: { retryAfterSeconds: RETRY_AFTER_SECONDS },
  })
}
