import { AppError } from '../../domain/errors.ts'
import type { HubState } from '../context.ts'

const RETRY_AFTER_SECONDS = 10

/**
 * Refuses new work while the disk still has space for the ledger to finish the current work.
 * Throws `disk-full`.
 */
export async function demandRoom({ disk }: Pick<HubState, 'disk'>): Promise<void> {
  if (disk === undefined) return
  const free = await disk.freeBytes()
  if (free >= disk.floorBytes) return
  throw new AppError(
    'disk-full',
    `The disk of the hub’s data folder has ${free} bytes free; new work needs ${disk.floorBytes} bytes.`,
  )
}

/**
 * Refuses a new job when the disk is full or too many jobs are queued, so that a runaway producer
 * fills neither disk nor queue. Concurrent submissions may exceed the limit by a few. Throws
 * `disk-full` or `queue-full`.
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
