import { z } from 'zod'

/**
 * The version of the backup format. A change to the format must increase it if older programs
 * cannot restore the new backups.
 */
export const FORMAT = 1

const Digest = z.string().regex(/^[0-9a-f]{64}$/)

/** A file with one line of JSON for each row. */
export const RowFile = z.strictObject({
  rows: z.int().min(0),
  /** Hex SHA-256 of the file. */
  digest: Digest,
})
export type RowFile = z.infer<typeof RowFile>

/** The contents of a backup. Written last: a folder without it is not a backup. */
export const Manifest = z.strictObject({
  format: z.literal(FORMAT),
  program: z.string(),
  /** The version of the ledger's schema. A newer program migrates the ledger after the restore. */
  schemaVersion: z.int().min(1),
  /** When the backup began, in milliseconds since the epoch. */
  takenAt: z.int(),
  tables: z.record(z.string(), RowFile),
  artifacts: z.int().min(0),
  /** The file that lists all log files. */
  logs: RowFile,
})
export type Manifest = z.infer<typeof Manifest>

/**
 * An entry in the list of log files. Its path cannot lead out of the folder that contains the logs.
 */
export const LogFile = z.strictObject({
  path: z.string().regex(/^[\w-]+(?:\/[\w-]+)+$/),
  digest: Digest,
})

export const tableFile = (name: string): string => `tables/${name}.jsonl`
export const LOG_LIST = 'logs.jsonl'
