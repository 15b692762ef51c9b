import type { Closed } from '../../domain/closed.ts'
import type { GarbageReport } from '../../domain/garbage.ts'
import type { WorkerRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { demandRoom } from './room.ts'

/** Lists all workers that have asked for a job, most recently seen first. */
export const listWorkers = ({ ledger }: HubState): Promise<readonly WorkerRow[]> => ledger.workers()

/**
 * Lists the closed resources: git hosts and model accounts that are unavailable or refuse requests.
 */
export const listClosed = ({ ledger }: HubState): Promise<readonly Closed[]> => ledger.closed()

/**
 * Deletes expired jobs, expired logs, and artifacts that nothing references. A dry run deletes
 * nothing and reports what would be deleted. Continues if the caller disconnects. Stops when the
 * hub starts to close.
 */
export const collectGarbage = (hub: HubState, dryRun: boolean): Promise<GarbageReport> =>
  hub.collectGarbage(dryRun, hub.closing)

/** Throws if the ledger is not writable or the disk is full: the hub then cannot accept new jobs. */
export async function demandReady(hub: HubState): Promise<void> {
  await hub.ledger.checkWritable()
  await demandRoom(hub)
}
