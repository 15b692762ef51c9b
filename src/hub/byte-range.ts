import type { ByteRange } from '../artifacts/port.ts'

/**
 * The bytes that a Range header requests (RFC 9110, section 14). `whole` without a header, and for
 * several or malformed ranges, which a server may ignore. `outside` when the range has no bytes.
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
