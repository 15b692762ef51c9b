import type { ClaimRequest } from './port.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** A worker that only asks is written down this often; asking must not cost a disk write each time. */
const SEEN_EVERY_MS = 10_000

/** Notes who asked and when. Other transactions of this worker wait until this one has ended. */
export async function seeWorker(
  tx: Tx,
  { worker, restrictedTo }: Pick<ClaimRequest, 'worker' | 'restrictedTo'>,
): Promise<void> {
  const identity = JSON.stringify(worker)
  const only = restrictedTo === null ? null : JSON.stringify(restrictedTo)
  await tx.run(sql`
    INSERT INTO worker (id, identity, restricted_to, seen_at)
    VALUES (${worker.id}, ${identity}, ${only}, ${tx.now})
    ON CONFLICT (id) DO UPDATE SET
      identity = excluded.identity, restricted_to = excluded.restricted_to,
      seen_at = excluded.seen_at
      WHERE worker.identity <> excluded.identity
        OR worker.restricted_to IS DISTINCT FROM excluded.restricted_to
        OR worker.seen_at <= excluded.seen_at - ${SEEN_EVERY_MS}`)
}
