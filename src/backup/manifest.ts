import { z } from 'zod'

/** The format of a backup; raised when an older program could not restore it. */
export const FORMAT = 1

const Digest = z.string().regex(/^[0-9a-f]{64}$/)

/** A file with one line of JSON for each row. */
export const Listed = z.strictObject({
  rows: z.int().min(0),
  /** Hex SHA-256 of the file. */
  digest: Digest,
})
export type Listed = z.infer<typeof Listed>

/** What a backup holds. It is written last: without it a backup is none. */
export const Manifest = z.strictObject({
  format: z.literal(FORMAT),
  program: z.string(),
  /** Of the ledger; a newer program brings it up to date after the restore. */
  schemaVersion: z.int().min(1),
  /** When the backup began, in milliseconds since the epoch. */
  takenAt: z.int(),
  tables: z.record(z.string(), Listed),
  artifacts: z.int().min(0),
  /** The list of all log files. */
  logs: Listed,
})
export type Manifest = z.infer<typeof Manifest>

/** A log file in that list. Its path leads nowhere else. */
export const LogFile = z.strictObject({
  path: z.string().regex(/^[\w-]+(?:\/[\w-]+)+$/),
  digest: Digest,
})

export const tableFile = (name: string): string => `tables/${name}.jsonl`
export const LOG_LIST = 'logs.jsonl'
