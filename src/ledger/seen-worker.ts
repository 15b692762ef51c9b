import type { ClaimRequest } from './port.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Shortest time between two updates of a worker's row that change nothing but `seen_at`, so that
 * not every poll causes a disk write.
 */
const SEEN_EVERY_MS = 10_000

/**
 * Records that the worker was seen now. On PostgreSQL this locks the worker's row, even if nothing
 * in the row changes, so that other claims of the same worker wait until this transaction ends.
 */
export async function recordSeenWorker(
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
