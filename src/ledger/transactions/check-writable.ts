import { z } from 'zod'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ at: z.int() })

/** Writes a row and reads it back. Throws when the ledger cannot be written. */
export async function checkWritable(tx: Tx): Promise<void> {
  await tx.run(sql`
    INSERT INTO probe (id, at) VALUES (1, ${tx.now})
    ON CONFLICT (id) DO UPDATE SET at = excluded.at`)
  const read = await tx.get(sql`SELECT at FROM probe`, Row)
  if (read?.at !== tx.now) throw new Error('the ledger did not keep what was written')
}
