import type { ClientBase } from 'pg'
import { z } from 'zod'
import { ADVISORY_LOCKS_MAX } from '../advisory-locks.ts'
import type { AdvisoryLocks } from '../transaction.ts'

const Taken = z.object({ taken: z.boolean() })

/**
 * The advisory locks of the client's open transaction; PostgreSQL releases them when the
 * transaction ends. Names are hashed to 64 bits. If two names have the same hash, a transaction may
 * wait unnecessarily, but nothing breaks.
 */
export function advisoryLocks(client: ClientBase): AdvisoryLocks {
  let tried = 0
  return {
    // PostgreSQL acquires the locks one by one in the order of the array, which prevents deadlocks.
    acquire: async (names) => {
      await client.query({
        name: 'advisory-lock',
        text: `SELECT pg_advisory_xact_lock(hashtextextended(name, 0))
          FROM unnest($1::TEXT[]) AS asked (name)`,
        values: [names],
      })
    },
    tryAcquire: async (names) => {
      if (tried >= ADVISORY_LOCKS_MAX) return false
      tried += names.length
      const { rows } = await client.query({
        name: 'try-advisory-lock',
        text: `SELECT bool_and(pg_try_advisory_xact_lock(hashtextextended(name, 0))) AS taken
          FROM unnest($1::TEXT[]) AS asked (name)`,
        values: [names],
      })
      return Taken.parse(rows[0]).taken
    },
  }
}
