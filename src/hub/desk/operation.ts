import type { GarbageReport } from '../../domain/garbage.ts'
import type { WorkerRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { demandRoom } from './room.ts'

/** Every worker that ever asked for a job, most recently seen first. */
export const listWorkers = ({ ledger }: HubState): Promise<readonly WorkerRow[]> => ledger.workers()

/** Removes unneeded jobs, logs and artifacts; a dry run only lists them. Continues when the caller disconnects. */
export const collectGarbage = (hub: HubState, dryRun: boolean): Promise<GarbageReport> =>
  hub.collectGarbage(dryRun, hub.closing)

/** Throws when the hub would refuse new work: the ledger cannot be written, or the disk is full. */
export async function demandReady(hub: HubState): Promise<void> {
  await hub.ledger.checkWritable()
  await demandRoom(hub)
}
