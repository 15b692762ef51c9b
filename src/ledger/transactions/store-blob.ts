import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Notes uploaded bytes; again, they are as young as new ones. */
export async function storeBlob(
  tx: Tx,
  blob: { readonly digest: string; readonly size: number; readonly uploader: string },
): Promise<void> {
  await tx.run(sql`
    INSERT INTO blob (digest, size, uploader, stored_at)
    VALUES (${blob.digest}, ${blob.size}, ${blob.uploader}, ${tx.now})
    ON CONFLICT (digest) DO UPDATE SET uploader = excluded.uploader, stored_at = excluded.stored_at`)
}
