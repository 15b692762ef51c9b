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
    const text = line.bytes.toString('utf8').trim()
    if (line.whole && isObject(text)) yield new Uint8Array(Buffer.from(`${text}\n`))
    else if (text !== '') onBroken(text.slice(0, SHOWN))
  }
}

type Line = { readonly bytes: Buffer; readonly whole: boolean }

/** Of a line beyond the limit only the beginning is kept, so that memory stays bounded. */
async function* linesOf(stream: Readable): AsyncGenerator<Line> {
  let pieces: Buffer[] = []
  let size = 0
  const add = (piece: Buffer): void => {
    size += piece.length
    if (size <= LINE_BYTES_MAX) pieces.push(piece)
    else pieces = [Buffer.concat([...pieces, piece]).subarray(0, SHOWN)]
  }
  const take = (): Line => {
    const line = { bytes: Buffer.concat(pieces), whole: size <= LINE_BYTES_MAX }
    pieces = []
    size = 0
    return line
  }
  for await (const chunk of stream) {
    let rest = Buffer.from(chunk)
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      add(rest.subarray(0, end))
      yield take()
      rest = rest.subarray(end + 1)
    }
    add(rest)
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
