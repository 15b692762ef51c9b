import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../platform/clock.ts'

/**
 * The ledger's time: the wall-clock time at which the ledger was opened, plus the monotonic time
 * since then. Later changes of the wall clock therefore do not move the end of a lease.
 */
export function leaseClock(clock: Clock): () => number {
  const anchor = clock.now() - clock.monotonic()
  return () => Math.floor(anchor + clock.monotonic())
}

/**
 * Adjusts the running leases after a restart. While the hub was down, no worker could renew its
 * lease, and the wall clock may have changed. Afterwards, each lease lasts at least one renewal
 * interval (a quarter of its length) and at most its full length, counted from now.
 */
export function graceAfterRestart(database: DatabaseSync, now: number): void {
  database
    .prepare(
      `UPDATE attempt
      SET lease_until = min(max(lease_until, ? + lease_ms / 4), ? + lease_ms)
      WHERE ended_at IS NULL`,
    )
    .run(now, now)
}
