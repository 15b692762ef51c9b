import { z } from 'zod'
import type { BlobPage } from './port.ts'
import { sql, type Statement } from './sql.ts'
import type { Tx } from './transaction.ts'

const Blob = z.object({ digest: z.string() })

/** The digest of the last upload of a full page; null for the last page. */
export async function lastOfPage(tx: Tx, { after, limit }: BlobPage): Promise<string | null> {
  const last = await tx.get(
    sql`SELECT digest FROM blob WHERE digest > ${after} ORDER BY digest
      LIMIT 1 OFFSET ${limit - 1}`,
    Blob,
  )
  return last?.digest ?? null
}

/** The condition for uploads up to the last of a page; empty for the last page. */
export const upTo = (last: string | null): Statement =>
  last === null ? sql`` : sql`AND blob.digest <= ${last}`
