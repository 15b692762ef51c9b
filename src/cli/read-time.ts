import { AppError } from '../domain/errors.ts'
import { readDuration } from '../domain/read-quantity.ts'

/**
 * Parses a time typed by a person: ISO 8601 (local time unless it includes a time zone),
 * milliseconds since the epoch, or a duration from now such as +10m. Throws `usage-invalid`.
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch
 */
export function readTime(text: string, now: number): number {
  const ahead = text.startsWith('+') ? readDuration(text.slice(1)) : null
  if (ahead !== null) return now + ahead
  const at = /^\d{12,15}$/.test(text) ? Number(text) : Date.parse(text)
  if (!Number.isNaN(at) && !text.startsWith('+')) return at
  throw new AppError(
    'usage-invalid',
    `${JSON.stringify(text)} is not a time: write 2026-08-01T14:00, +10m, +1h30m, or milliseconds since the epoch`,
  )
}
