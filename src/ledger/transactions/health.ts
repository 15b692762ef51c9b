import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Probe = z.object({ at: z.int() })

/** Writes a row and reads it back. Throws if the ledger is not writable. */
export async function checkWritable(tx: Tx): Promise<void> {
  await tx.run(sql`
    INSERT INTO probe (id, at) VALUES (1, ${tx.now})
    ON CONFLICT (id) DO UPDATE SET at = excluded.at`)
  const read = await tx.get(sql`SELECT at FROM probe`, Probe)
  if (read?.at !== tx.now)
    throw new Error('the ledger did not return the row that was just written')
}

const Store = z.object({ id: z.string() })

/**
 * Binds the ledger to a store if it is not bound yet. Throws `store-foreign` if it is bound to
 * another store.
 */
export async function bindStore(tx: Tx, id: string): Promise<void> {
  await tx.run(sql`INSERT INTO store (place, id) VALUES (1, ${id}) ON CONFLICT (place) DO NOTHING`)
  const bound = await tx.get(sql`SELECT id FROM store`, Store)
  if (bound?.id === id) return
  throw new AppError(
    'store-foreign',
    `The ledger belongs to store ${bound?.id}, but this hub uses store ${id}.`,
  )
}
