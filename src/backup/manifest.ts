import { z } from 'zod'

/**
 * The version of the backup format. A change to the format must increase it if older programs
 * cannot restore the new backups.
 */
export const FORMAT = 1

const Digest = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * What the manifest says about a file that contains one line of JSON for each row: the number of
 * rows, and the file's digest.
 */
export const RowFile = z.strictObject({
  rows: z.int().min(0),
  /** Hex SHA-256 of the file. */
  digest: Digest,
})
export type RowFile = z.infer<typeof RowFile>

/**
 * The manifest of a backup. It is the last file that a backup writes, so a folder without a
 * manifest is not a complete backup.
 */
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
 * A row of the file that lists all log files. The path is relative to the folder that contains the
 * logs, and cannot lead out of that folder.
 */
export const LogFile = z.strictObject({
  path: z.string().regex(/^[\w-]+(?:\/[\w-]+)+$/),
  digest: Digest,
})

export const tableFile = (name: string): string => `tables/${name}.jsonl`
export const LOG_LIST = 'logs.jsonl'
