import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ id: z.string() })

/** Binds the ledger to a store at the first time, and refuses any other from then on. */
export async function bindStore(tx: Tx, id: string): Promise<void> {
  await tx.run(sql`INSERT INTO store (place, id) VALUES (1, ${id}) ON CONFLICT (place) DO NOTHING`)
  const bound = await tx.get(sql`SELECT id FROM store`, Row)
  if (bound?.id === id) return
  throw new AppError('store-foreign', `The ledger belongs to store ${bound?.id}, this is ${id}.`)
}
