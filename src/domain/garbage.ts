import { z } from 'zod'

/** One sort of thing that was removed, or would be. */
export const GarbageItem = z.strictObject({
  what: z.enum(['jobs', 'tokens', 'workers', 'uploads', 'logs', 'artifacts']),
  count: z.int().min(0),
  /** null for rows of the ledger: their room is used again, the disk sees none of it. */
  bytes: z.int().min(0).nullable().describe('Of disk; null for rows of the ledger'),
  why: z.string().describe('What made them superfluous, and the setting that says so'),
  examples: z.array(z.string()).max(5),
})
export type GarbageItem = z.infer<typeof GarbageItem>

/** What a garbage collection removed, or would remove. */
export const GarbageReport = z.strictObject({
  dryRun: z.boolean(),
  /** A backup was being taken, so artifacts and logs stayed. */
  heldUp: z.boolean().describe('A backup runs: artifacts and logs stay until it has ended'),
  items: z.array(GarbageItem),
})
export type GarbageReport = z.infer<typeof GarbageReport>
