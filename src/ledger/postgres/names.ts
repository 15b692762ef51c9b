import type { ClientBase } from 'pg'
import { z } from 'zod'
import { NAMES_MAX } from '../hold.ts'
import type { Names } from '../transaction.ts'

const Taken = z.object({ taken: z.boolean() })

/**
 * Names as advisory locks of the open transaction, which lets go of them when it ends. Two names
 * with the same hash, which is one of 2^64, only wait for each other.
 */
export function advisoryNames(client: ClientBase): Names {
  let tried = 0
  return {
    // One after the other, as they stand in the array.
    hold: async (names) => {
      await client.query({
        name: 'hold',
        text: `SELECT pg_advisory_xact_lock(hashtextextended(name, 0))
          FROM unnest($1::TEXT[]) AS asked (name)`,
        values: [names],
      })
    },
    tryHold: async (names) => {
      if (tried >= NAMES_MAX) return false
      tried += names.length
      const { rows } = await client.query({
        name: 'try-hold',
        text: `SELECT bool_and(pg_try_advisory_xact_lock(hashtextextended(name, 0))) AS taken
          FROM unnest($1::TEXT[]) AS asked (name)`,
        values: [names],
      })
      return Taken.parse(rows[0]).taken
    },
  }
}
