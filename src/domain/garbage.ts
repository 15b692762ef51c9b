import { z } from 'zod'

/** Items of one type that were removed or, in a dry run, would have been removed. */
export const GarbageItem = z.strictObject({
  what: z.enum(['jobs', 'tokens', 'workers', 'uploads', 'logs', 'artifacts']),
  count: z.int().min(0),
  /**
   * null if the items are rows of the ledger: the database keeps their disk space for later rows.
   */
  bytes: z.int().min(0).nullable().describe('Disk space freed, in bytes; null for ledger rows'),
  why: z.string().describe('Why the items are no longer needed, and which setting decides that'),
  examples: z.array(z.string()).max(5),
})
export type GarbageItem = z.infer<typeof GarbageItem>

/** What a garbage collection removed or, in a dry run, would have removed. */
export const GarbageReport = z.strictObject({
  dryRun: z.boolean(),
  heldUp: z.boolean().describe('Whether artifacts and logs are kept because a backup is running'),
  items: z.array(GarbageItem),
})
export type GarbageReport = z.infer<typeof GarbageReport>
