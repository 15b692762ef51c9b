import { z } from 'zod'

/**
 * A job's permanent id, a UUID in lower case. The hub makes UUIDv7 (RFC 9562), which sort by time,
 * but a submitter may choose any UUID. So order jobs by their number, not by their id.
 */
export const JobId = z.uuid().toLowerCase().brand<'JobId'>()
export type JobId = z.infer<typeof JobId>

/** Returns random bytes. Passed as an argument, so that tests can make ids predictable. */
export type RandomBytes = (size: number) => Uint8Array

/**
 * Makes a UUIDv7: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7).
 * @param at milliseconds since the epoch
 */
export function newUuid(at: number, random: RandomBytes): string {
  const bytes = Uint8Array.from(random(16))
  new DataView(bytes.buffer).setUint16(0, Math.floor(at / 2 ** 32))
  new DataView(bytes.buffer).setUint32(2, at % 2 ** 32)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [8, 12, 16, 20, 32]
    .map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end))
    .join('-')
}

/** Makes a job's id. @param at milliseconds since the epoch */
export const newJobId = (at: number, random: RandomBytes): JobId => JobId.parse(newUuid(at, random))

/**
 * The last 12 hex digits of a job's id, for branch names and displays. In a UUIDv7 they are random,
 * whereas the first digits are the time, which is similar for many jobs.
 */
export const shortId = (id: JobId): string => id.slice(-12)
