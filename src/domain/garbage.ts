import { z } from 'zod'

/** Items of one type that were removed, or would be in a dry run. */
export const GarbageItem = z.strictObject({
  what: z.enum(['jobs', 'tokens', 'workers', 'uploads', 'logs', 'artifacts']),
  count: z.int().min(0),
  /** null for rows of the ledger: the database reuses their space and does not return it to the disk. */
  bytes: z.int().min(0).nullable().describe('Disk space freed; null for rows of the ledger'),
  why: z.string().describe('Why they are no longer needed, and the setting that decides it'),
  examples: z.array(z.string()).max(5),
})
export type GarbageItem = z.infer<typeof GarbageItem>

/** What a garbage collection removed, or would remove in a dry run. */
export const GarbageReport = z.strictObject({
  dryRun: z.boolean(),
  heldUp: z.boolean().describe('A backup is running: artifacts and logs are kept until it ends'),
  items: z.array(GarbageItem),
})
export type GarbageReport = z.infer<typeof GarbageReport>
