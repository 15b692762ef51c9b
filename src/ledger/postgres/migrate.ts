import type { ClientBase } from 'pg'
import { z } from 'zod'
import { noProbe, type Probe } from '../../domain/probe.ts'
import { type Migration, missingFrom } from '../migration.ts'

/** The advisory lock that keeps two hubs from migrating at the same time. */
const LOCK = `hashtextextended('millwright migration', 0)`

const Version = z.object({ version: z.int() })

/**
 * Applies all missing migrations in one transaction, so that a crash leaves the previous schema.
 * Throws `schema-newer` if a newer program has migrated the ledger.
 * @returns how many migrations were missing
 */
export async function migrate(
  client: ClientBase,
  migrations: readonly Migration[],
  probe: Probe = noProbe,
): Promise<number> {
  await client.query('BEGIN')
  try {
    // Disable the timeouts, because a migration can take long, and other hubs wait until it has
    // finished.
    await client.query('SET LOCAL lock_timeout = 0')
    await client.query('SET LOCAL statement_timeout = 0')
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK})`)
    await client.query(
      `CREATE TABLE IF NOT EXISTS migration (
        version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL)`,
    )
    const { rows } = await client.query(
      'SELECT coalesce(max(version), 0) AS version FROM migration',
    )
    const missing = missingFrom(migrations, Version.parse(rows[0]).version)
    for (const { version, name, statements } of missing) {
      for (const statement of statements) await client.query(statement)
      await client.query('INSERT INTO migration VALUES ($1, $2, now())', [version, name])
    }
    await gatherCounts(client)
    if (missing.length > 0) await probe('migrating')
    await client.query('COMMIT')
    return missing.length
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/**
 * Adds the job counts of closed connections to the rows of connection 0. Each connection counts
 * jobs in its own rows, so the rows of closed connections would otherwise accumulate.
 */
async function gatherCounts(client: ClientBase): Promise<void> {
  await client.query(`
    WITH gone AS (
      DELETE FROM job_count_of_connection
      WHERE connection NOT IN (SELECT pid FROM pg_stat_activity)
      RETURNING kind, state, jobs
    )
    INSERT INTO job_count_of_connection (kind, state, connection, jobs)
    SELECT kind, state, 0, sum(jobs) FROM gone GROUP BY kind, state
    ON CONFLICT (kind, state, connection)
      DO UPDATE SET jobs = job_count_of_connection.jobs + excluded.jobs`)
}
