import { AppError } from '../domain/errors.ts'

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Parses a time typed by a person: ISO 8601 (local time unless it includes a time zone),
 * milliseconds since the epoch, or a duration from now such as +10m. Throws `usage-invalid`.
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch
 */
export function readTime(text: string, now: number): number {
  const [, count, unit] = /^\+(\d{1,9})([smhd])$/.exec(text) ?? []
  if (count !== undefined && isUnit(unit)) return now + Number(count) * UNIT_MS[unit]
  const at = /^\d{12,15}$/.test(text) ? Number(text) : Date.parse(text)
  if (!Number.isNaN(at) && !text.startsWith('+')) return at
  throw new AppError(
    'usage-invalid',
    `${JSON.stringify(text)} is not a time: write 2026-08-01T14:00, +10m (or s, h, d), or milliseconds since the epoch`,
  )
}

const isUnit = (unit: string | undefined): unit is keyof typeof UNIT_MS =>
  unit !== undefined && unit in UNIT_MS
