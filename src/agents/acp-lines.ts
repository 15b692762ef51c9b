import type { Readable } from 'node:stream'
import { linesOf } from './lines.ts'

const LINE_BYTES_MAX = 16 * 1024 * 1024
const SHOWN = 200

/**
 * The lines of a stream that hold a JSON object, each with its newline. Everything else is
 * reported and left out: programs print banners and stack traces where they should not.
 */
export async function* jsonLines(
  stream: Readable,
  onBroken: (line: string) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const { text: line, cut } of linesOf(stream, LINE_BYTES_MAX)) {
    const text = line.trim()
    if (!cut && isObject(text)) yield new Uint8Array(Buffer.from(`${text}\n`))
    else if (text !== '') onBroken(text.slice(0, SHOWN))
  }
}

function isObject(text: string): boolean {
  if (!text.startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
