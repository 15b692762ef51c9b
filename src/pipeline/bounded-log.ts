import { Buffer } from 'node:buffer'
import { LINE_BYTES_MAX } from '../domain/attempt.ts'

/** Maximum number of bytes to keep from the end of a log that is too long. */
const TAIL_BYTES_MAX = 256 * 1024

/** A log with limited size and line length, so that a job's output cannot fill the disk. */
export type BoundedLog = {
  append(text: string): void
  /**
   * Writes the end of the log. If bytes were omitted, first writes a marker that states how many.
   */
  end(): void
}

/**
 * Limits a log to about `maxBytes`. Passes the beginning to `write` immediately, omits the middle
 * of a longer log, and passes the last bytes to `write` in `end()`. Truncates lines at 64 KiB.
 */
export function boundedLog(maxBytes: number, write: (bytes: Buffer) => void): BoundedLog {
  const tailMax = Math.min(TAIL_BYTES_MAX, Math.floor(maxBytes / 4))
  const lines = lineCutter()
  const tail = tailOf(tailMax)
  let headLeft = maxBytes - tailMax
  return {
    append: (text) => {
      const bytes = lines.cut(Buffer.from(text))
      const head = bytes.subarray(0, wholeCharacters(bytes, headLeft))
      if (head.length > 0) write(head)
      headLeft = head.length < bytes.length ? 0 : headLeft - head.length
      tail.add(bytes.subarray(head.length))
    },
    end: () => {
      tail.add(lines.finish())
      const { dropped, kept } = tail.take()
      if (dropped > 0)
        write(Buffer.from(`\n[${dropped} bytes left out here because of limits.outputBytes]\n`))
      if (kept.length > 0) write(kept)
    },
  }
}

/** Truncates each line at LINE_BYTES_MAX bytes, even if the line arrives in many chunks. */
function lineCutter() {
  let length = 0
  let dropped = 0
  const mark = (): Buffer => {
    const text = dropped === 0 ? '' : `[${dropped} bytes of this line left out]`
    dropped = 0
    return Buffer.from(text)
  }
  const cut = (bytes: Buffer): Buffer => {
    if (length + bytes.length <= LINE_BYTES_MAX && dropped === 0) {
      const newline = bytes.lastIndexOf(10)
      length = newline === -1 ? length + bytes.length : bytes.length - newline - 1
      return bytes
    }
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(10, at)
      const end = newline === -1 ? bytes.length : newline
      const fits = Math.min(
        end,
        at + wholeCharacters(bytes.subarray(at, end), LINE_BYTES_MAX - length),
      )
      pieces.push(bytes.subarray(at, fits))
      length += fits - at
      dropped += end - fits
      if (fits < end) length = LINE_BYTES_MAX
      if (newline === -1) break
      pieces.push(mark(), bytes.subarray(newline, newline + 1))
      length = 0
      at = newline + 1
    }
    return Buffer.concat(pieces)
  }
  return { cut, finish: mark }
}

/** Keeps the last `max` of the added bytes and counts the bytes that it drops. */
function tailOf(max: number) {
  let pieces: Buffer[] = []
  let held = 0
  let dropped = 0
  const add = (bytes: Buffer): void => {
    if (bytes.length === 0) return
    // Copy the bytes, because a slice would keep its whole chunk in memory.
    pieces.push(Buffer.from(bytes))
    held += bytes.length
    if (held > 2 * max) shrink()
  }
  const shrink = (): void => {
    const all = Buffer.concat(pieces)
    const from = all.length <= max ? 0 : startOfCharacter(all, all.length - max)
    dropped += from
    held = all.length - from
    pieces = [Buffer.from(all.subarray(from))]
  }
  const take = (): { dropped: number; kept: Buffer } => {
    shrink()
    return { dropped, kept: pieces[0] ?? Buffer.alloc(0) }
  }
  return { add, take }
}

const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0xc0) === 0x80

/** Length of the longest prefix of at most `max` bytes that splits no UTF-8 character. */
function wholeCharacters(bytes: Buffer, max: number): number {
  if (bytes.length <= max) return bytes.length
  let end = Math.max(0, max)
  while (end > 0 && isContinuation(bytes[end])) end -= 1
  return end
}

/** The first offset at or after `at` at which a UTF-8 character begins. */
function startOfCharacter(bytes: Buffer, at: number): number {
  let start = at
  while (start < bytes.length && isContinuation(bytes[start])) start += 1
  return start
}
