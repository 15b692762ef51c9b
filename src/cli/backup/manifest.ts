import { z } from 'zod'

/** The format of a backup; raised when an older program could not restore it. */
export const FORMAT = 1

const Listed = z.strictObject({
  rows: z.int().min(0),
  /** Hex SHA-256 of its file. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
})

/** What a backup holds. It is written last: without it a backup is none. */
export const Manifest = z.strictObject({
  format: z.literal(FORMAT),
  program: z.string(),
  schemaVersion: z.int(),
  /** When the snapshot was taken, in milliseconds since the epoch. */
  takenAt: z.int(),
  tables: z.record(z.string(), Listed),
  artifacts: z.int().min(0),
  logs: z.int().min(0),
})
export type Manifest = z.infer<typeof Manifest>

export const tableFile = (name: string): string => `tables/${name}.jsonl`
