import { z } from 'zod'

/** SQLite's primary result codes (sqlite.org/rescode.html) for errors that an operator can fix. */
const CODES = {
  full: 13,
  damaged: [11, 26],
  unusable: [8, 10, 11, 14, 26],
} as const

const SqliteError = z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.int() })

/**
 * Whether the error comes from SQLite and has this meaning. `full`: the disk is full. `damaged`:
 * the file is corrupt or is not a database. `unusable`: the file is damaged or read-only, or it
 * cannot be opened, read or written.
 */
export function isSqliteError(error: unknown, meaning: keyof typeof CODES): boolean {
  const parsed = SqliteError.safeParse(error)
  if (!parsed.success) return false
  // The low byte of an extended result code is the primary code.
  const primary = parsed.data.errcode & 0xff
  return [CODES[meaning]].flat().some((code) => code === primary)
}
