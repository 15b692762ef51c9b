import type { Readable } from 'node:stream'

const LINE_BYTES_MAX = 16 * 1024 * 1024
const SHOWN = 200
const NEWLINE = 10

/**
 * The lines of a stream that hold a JSON object, each with its newline. Everything else is
 * reported and left out: programs print banners and stack traces where they should not.
 */
export async function* jsonLines(
  stream: Readable,
  onBroken: (line: string) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const line of linesOf(stream)) {
    const text = line.toString('utf8').trim()
    if (isObject(text)) yield new Uint8Array(Buffer.from(`${text}\n`))
    else if (text !== '') onBroken(text.slice(0, SHOWN))
  }
}

/** A line beyond the limit is given out cut, so that memory stays bounded. */
async function* linesOf(stream: Readable): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let size = 0
  const take = (): Buffer => {
    const line = Buffer.concat(pieces)
    pieces = []
    size = 0
    return line
  }
  for await (const chunk of stream) {
    let rest = Buffer.from(chunk)
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      pieces.push(rest.subarray(0, end))
      yield take()
      rest = rest.subarray(end + 1)
    }
    if (size <= LINE_BYTES_MAX) pieces.push(rest)
    size += rest.length
  }
  if (size > 0) yield take()
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
