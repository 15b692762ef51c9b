const MS_PER_SECOND = 1000

/**
 * Returns the delay that a `Retry-After` header requests (RFC 9110, section 10.2.3), in
 * milliseconds, or null if the header is missing or malformed.
 * @param now current time in milliseconds since the epoch
 */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  if (/^\d{1,9}$/.test(header)) return Number(header) * MS_PER_SECOND
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
