import type { Readable } from 'node:stream'

export type Line = { readonly text: string; readonly cut: boolean }

/**
 * Yields the lines of a stream without their newlines. A line is truncated after `bytesMax` bytes;
 * `cut` marks a truncated line.
 */
export async function* linesOf(stream: Readable, bytesMax: number): AsyncGenerator<Line> {
  let parts: Buffer[] = []
  let kept = 0
  let cut = false
  const add = (bytes: Buffer) => {
    const part = bytes.subarray(0, bytesMax - kept)
    if (part.length < bytes.length) cut = true
    if (part.length > 0) parts.push(part)
    kept += part.length
  }
  const take = (): Line => {
    const line = { text: Buffer.concat(parts).toString('utf8'), cut }
    parts = []
    kept = 0
    cut = false
    return line
  }
  for await (const chunk of stream) {
    let rest: Buffer = Buffer.from(chunk)
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      add(rest.subarray(0, end))
      yield take()
      rest = rest.subarray(end + 1)
    }
    add(rest)
  }
  if (kept > 0 || cut) yield take()
}

const NEWLINE = 10
