import type { ByteRange } from '../artifacts/port.ts'

/**
 * Parses a Range header (RFC 9110, section 14) for a resource of `size` bytes. Returns `whole` if
 * the header is missing. Also returns `whole` if the header is malformed or has several ranges,
 * because a server is allowed to ignore such a header. Returns `outside` if the range contains no
 * byte of the resource.
 */
export function parseByteRange(
  header: string | undefined,
  size: number,
): ByteRange | 'whole' | 'outside' {
  const [, first, last] = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || first + last === '') return 'whole'
  if (first === '') return lastBytes(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return 'whole'
  return start >= size ? 'outside' : { start, end }
}

const lastBytes = (count: number, size: number): ByteRange | 'outside' =>
  count === 0 || size === 0 ? 'outside' : { start: Math.max(0, size - count), end: size - 1 }
