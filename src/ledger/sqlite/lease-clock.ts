import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../platform/clock.ts'

/**
 * The ledger's time: wall time when the ledger was opened plus the monotonic time since. Setting
 * the machine's clock moves no lease.
 */
export function leaseClock(clock: Clock): () => number {
  const anchor = clock.now() - clock.monotonic()
  return () => Math.floor(anchor + clock.monotonic())
}

/**
 * After a restart no worker could renew for a while, and wall time may have been set in between:
 * every running lease gets at least one renewal interval (a quarter) and at most its full length.
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
