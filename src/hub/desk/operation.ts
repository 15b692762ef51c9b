import type { Closed } from '../../domain/closed.ts'
import type { GarbageReport } from '../../domain/garbage.ts'
import type { WorkerRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { demandRoom } from './room.ts'

/** Lists all workers that have claimed or waited for a job, most recently seen first. */
export const listWorkers = ({ ledger }: HubState): Promise<readonly WorkerRow[]> => ledger.workers()

/** Lists the git hosts and model accounts that are unavailable or refuse requests. */
export const listClosed = ({ ledger }: HubState): Promise<readonly Closed[]> => ledger.closed()

/**
 * Removes expired jobs, expired logs, and artifacts that nothing references. A dry run only lists
 * them. Continues if the caller disconnects. Stops when the hub closes.
 */
export const collectGarbage = (hub: HubState, dryRun: boolean): Promise<GarbageReport> =>
  hub.collectGarbage(dryRun, hub.closing)

/** Throws if the ledger is not writable or the disk is full: the hub then cannot accept new jobs. */
export async function demandReady(hub: HubState): Promise<void> {
  await hub.ledger.checkWritable()
  await demandRoom(hub)
}
