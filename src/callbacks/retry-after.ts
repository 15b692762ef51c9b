const MS_PER_SECOND = 1000

/**
 * How long a receiver asks to be left alone (RFC 9110, section 10.2.3), in milliseconds; null when
 * it does not say, or says nonsense.
 * @param now milliseconds since the epoch
 */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  if (/^\d{1,9}$/.test(header)) return Number(header) * MS_PER_SECOND
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
