import type { GarbageReport } from '../../domain/garbage.ts'
import type { WorkerRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { demandRoom } from './room.ts'

/** Every worker that ever asked for a job, last seen first. */
export const listWorkers = ({ ledger }: HubState): Promise<readonly WorkerRow[]> => ledger.workers()

/** Removes what nobody needs; a dry run only says what. Continues when its caller has gone. */
export const collectGarbage = (hub: HubState, dryRun: boolean): Promise<GarbageReport> =>
  hub.collectGarbage(dryRun, hub.closing)

/** New work would be kept: the ledger can be written and the disk has room. Throws when not. */
export async function demandReady(hub: HubState): Promise<void> {
  await hub.ledger.checkWritable()
  await demandRoom(hub)
}
