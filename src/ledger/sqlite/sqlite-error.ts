import { z } from 'zod'

/** Primary result codes of SQLite (sqlite.org/rescode.html) that an operator can act on. */
const CODES = {
  full: 13,
  damaged: [11, 26],
  unusable: [8, 10, 11, 14, 26],
} as const

const SqliteError = z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.int() })

/** `damaged`: corrupt or not a database; `unusable`: also read-only, I/O error, cannot open. */
export function isSqliteError(error: unknown, meaning: keyof typeof CODES): boolean {
  const parsed = SqliteError.safeParse(error)
  if (!parsed.success) return false
  // The low byte of an extended result code is the primary code.
  const primary = parsed.data.errcode & 0xff
  return [CODES[meaning]].flat().some((code) => code === primary)
}
