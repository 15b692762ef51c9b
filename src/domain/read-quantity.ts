import { z } from 'zod'

const TIMES: Units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZES: Units = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
type Units = Readonly<Record<string, number>>

/** Parses a duration such as `10m`, `1h30m` or `500ms`; null if the text is not a duration. */
export const readDuration = (text: string): number | null => sum(text, TIMES)

/** Parses a size such as `2GB`, `1.5 MB` or `64MiB`; null if the text is not a size. */
export const readSize = (text: string): number | null => sum(text, SIZES)

/** Adds up parts such as `1h` and `30m`. Each unit may occur once, and larger units come first. */
function sum(text: string, units: Units): number | null {
  const parts = [...text.matchAll(/\s*(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]+)\s*/giy)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return null
  let total = 0
  let last = Number.POSITIVE_INFINITY
  for (const [, count, unit = ''] of parts) {
    const size = units[unit.toLowerCase()]
    if (size === undefined || size >= last) return null
    total += Number(count) * size
    last = size
  }
  return Math.round(total)
}

/**
 * A schema for a duration that a person types: a number of milliseconds, or text such as `10m`. The
 * result is in milliseconds.
 * @param bounds the schema that the result must match
 */
export const typedDuration = (bounds: z.ZodType<number, number>) =>
  typed(bounds, readDuration, 'a duration: write 10m, 1h30m, 500ms or a number of milliseconds')

/**
 * A schema for a size that a person types: a number of bytes, or text such as `2GB` or `64MiB`. The
 * result is in bytes.
 */
export const typedSize = (bounds: z.ZodType<number, number>) =>
  typed(bounds, readSize, 'a size: write 2GB, 64MiB or a number of bytes')

const typed = (
  bounds: z.ZodType<number, number>,
  read: (text: string) => number | null,
  what: string,
) =>
  z
    .union([z.number(), z.string()], { error: `must be ${what}` })
    .transform((given, context) => {
      const text = String(given).trim()
      const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : read(text)
      if (value !== null) return value
      context.addIssue({ code: 'custom', message: `${JSON.stringify(given)} is not ${what}` })
      return z.NEVER
    })
    .pipe(bounds)

/** Writes a duration the way `readDuration` reads it: 3600000 is `1h`, 90000 is `1m30s`. */
export const durationText = (ms: number): string => {
  const words: string[] = []
  let rest = ms
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / (TIMES[unit] ?? 1))
    rest -= count * (TIMES[unit] ?? 1)
    if (count > 0) words.push(`${count}${unit}`)
  }
  return words.length === 0 ? '0' : words.join('')
}

/** Writes a size the way `readSize` reads it, in the largest unit that gives a whole number. */
export const sizeText = (bytes: number): string => {
  const [unit, size] = UNIT_NAMES.find(([, one]) => bytes >= one && bytes % one === 0) ?? ['', 1]
  return `${bytes / size}${unit}`
}

const UNIT_NAMES = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const
