import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { LINE_BYTES_MAX } from '../domain/attempt.ts'
import { boundedLog } from './bounded-log.ts'

/** The log's output for these chunks. */
function through(maxBytes: number, pieces: readonly string[]): string {
  const out: Buffer[] = []
  const log = boundedLog(maxBytes, (bytes) => out.push(Buffer.from(bytes)))
  for (const piece of pieces) log.append(piece)
  log.end()
  return Buffer.concat(out).toString()
}

const line = (index: number): string => `line ${String(index).padStart(6, '0')}\n`

describe('a bounded log', () => {
  it('passes on what fits, unchanged and at once', () => {
    const out: string[] = []
    const log = boundedLog(64 * 1024, (bytes) => out.push(bytes.toString()))
    log.append('one\ntw')
    log.append('o\n')
    expect(out).toEqual(['one\ntw', 'o\n'])
  })

  it('keeps the beginning and the end of a long log, and states how much is missing', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => line(index))
    const kept = through(64 * 1024, lines)

    expect(kept.startsWith(line(0) + line(1))).toBe(true)
    expect(kept.endsWith(line(19_998) + line(19_999))).toBe(true)
    const lost = Number(/\[(\d+) bytes left out here/.exec(kept)?.[1])
    const mark =
      /\n\[\d+ bytes left out here because of limits.outputBytes\]\n/.exec(kept)?.[0] ?? ''
    expect(Buffer.byteLength(kept) - mark.length + lost).toBe(Buffer.byteLength(lines.join('')))
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(64 * 1024 + mark.length)
  })

  it('truncates a long line, marks that, and continues with the next line', () => {
    const half = 'x'.repeat(LINE_BYTES_MAX / 2)
    const kept = through(2 ** 20, ['before\n', half, half, half, '\nafter\n'])
    expect(kept).toBe(`before\n${half}${half}[${half.length} bytes of this line left out]\nafter\n`)
  })

  it('marks a truncated line that never ends', () => {
    const kept = through(2 ** 20, ['y'.repeat(LINE_BYTES_MAX + 5)])
    expect(kept.endsWith('y[5 bytes of this line left out]')).toBe(true)
  })

  it('never cuts a character in two', () => {
    const kept = through(64 * 1024, ['ab', 'é漢🙂'.repeat(20_000), '\n', 'ü'.repeat(40_000)])
    expect(kept).not.toContain('\uFFFD')
  })
})
