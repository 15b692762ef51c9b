import type { HubState } from '../context.ts'
import { demandRoom } from './disk-floor.ts'
import { demandPlaceInQueue } from './queue-limit.ts'

/** Refuses a further job where it would find no room. Throws `disk-full` or `queue-full`. */
export async function demandRoomForJobs({ disk, ledger, limits }: HubState): Promise<void> {
  await demandRoom(disk)
  await demandPlaceInQueue(ledger, limits.queuedJobs)
}
