import type { Readable, Writable } from 'node:stream'
import { linesOf } from './lines.ts'

const LINE_BYTES_MAX = 16 * 1024 * 1024
const SHOWN_MAX = 200

/**
 * Yields the lines of a stream that are JSON objects, each with its newline. All other lines, such
 * as banners and stack traces, go to `onBroken`.
 */
export async function* jsonLines(
  stream: Readable,
  onBroken: (line: string) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const { text: line, cut } of linesOf(stream, LINE_BYTES_MAX)) {
    const text = line.trim()
    if (!cut && isObject(text)) yield new Uint8Array(Buffer.from(`${text}\n`))
    else if (text !== '') onBroken(text.slice(0, SHOWN_MAX))
  }
}

/**
 * Yields the lines of the agent's output, but pauses while the agent is not reading its stdin.
 * Without the pauses, an agent that sends requests but does not read the responses would fill the
 * memory of this process.
 */
export async function* withBackpressure<Line>(
  lines: AsyncIterable<Line>,
  stdin: Writable,
): AsyncGenerator<Line> {
  for await (const line of lines) {
    if (stdin.writableNeedDrain) await drained(stdin)
    yield line
  }
}

/** Resolves when the stream can take more data or has closed. */
async function drained(stdin: Writable): Promise<void> {
  const over = Promise.withResolvers<void>()
  stdin.once('drain', over.resolve).once('close', over.resolve)
  if (stdin.closed) over.resolve()
  await over.promise
  stdin.off('drain', over.resolve).off('close', over.resolve)
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
