import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../platform/clock.ts'

/**
 * The ledger's time: wall time when the ledger was opened plus the monotonic time since, so that a
 * clock step moves no lease.
 */
export function leaseClock(clock: Clock): () => number {
  const anchor = clock.now() - clock.monotonic()
  return () => Math.floor(anchor + clock.monotonic())
}

/**
 * While the hub was down no worker could renew, and the wall clock may have changed. So after a restart
 * every running lease lasts for at least one renewal interval (a quarter of the lease) and at most its
 * full length.
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
