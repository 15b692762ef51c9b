import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

type Blob = { readonly digest: string; readonly size: number; readonly uploader: string }

/**
 * Records that a blob is in the store, and the token with which it was uploaded. Jobs submitted
 * with that token may then name the blob, because the upload proves that the submitter has the
 * blob's bytes. Needs no advisory lock, because the upserts change only rows of this digest.
 */
export async function storeBlob(tx: Tx, { digest, size, uploader }: Blob): Promise<void> {
  await tx.run(sql`
    INSERT INTO blob (digest, size, stored_at) VALUES (${digest}, ${size}, ${tx.now})
    ON CONFLICT (digest) DO UPDATE SET stored_at = excluded.stored_at`)
  await tx.run(sql`
    INSERT INTO upload (digest, uploader) VALUES (${digest}, ${uploader})
    ON CONFLICT (digest, uploader) DO NOTHING`)
}
