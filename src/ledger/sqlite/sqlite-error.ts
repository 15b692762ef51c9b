import { z } from 'zod'

/** Primary result codes of SQLite (sqlite.org/rescode.html) that mean something to an operator. */
const CODES = {
  full: 13,
  damaged: [11, 26],
  unusable: [8, 10, 11, 14, 26],
} as const

const SqliteError = z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.int() })

/** `damaged`: corrupt, not a database; `unusable`: read-only, input or output error, corrupt, cannot open, not a database. */
export function isSqliteError(error: unknown, meaning: keyof typeof CODES): boolean {
  const parsed = SqliteError.safeParse(error)
  if (!parsed.success) return false
  // The low byte is the primary code; the rest says more about the same thing.
  const primary = parsed.data.errcode & 0xff
  return [CODES[meaning]].flat().some((code) => code === primary)
}
