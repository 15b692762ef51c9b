import { z } from 'zod'
import type { BlobPage } from './port.ts'
import { sql, type Statement } from './sql.ts'
import type { Tx } from './transaction.ts'

const Blob = z.object({ digest: z.string() })

/** Returns the digest of a page's last upload; null if the page has fewer than `limit` uploads. */
export async function lastOfPage(tx: Tx, { after, limit }: BlobPage): Promise<string | null> {
  const last = await tx.get(
    sql`SELECT digest FROM blob WHERE digest > ${after} ORDER BY digest
      LIMIT 1 OFFSET ${limit - 1}`,
    Blob,
  )
  return last?.digest ?? null
}

/**
 * SQL condition that selects uploads up to and including the digest `last`; empty if `last` is
 * null.
 */
export const upTo = (last: string | null): Statement =>
  last === null ? sql`` : sql`AND blob.digest <= ${last}`
