// Paths as git stores them: bytes, not text.

export const SLASH = 0x2f

/** A path for messages: truncated to 200 characters, and written as a JSON string. */
export const show = (path: Buffer): string => JSON.stringify(path.toString('utf8').slice(0, 200))

/** Converts a path in the tree to a path on disk. */
export const inside = (tree: Buffer, path: Buffer): Buffer =>
  Buffer.concat([tree, Buffer.from([SLASH]), path])

/** Splits the NUL-terminated output of git's -z options. */
export function* splitNul(bytes: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
    yield bytes.subarray(start, end)
    start = end + 1
  }
}

/** Quotes a path in git's C style, so that a path with any bytes fits on one line. */
export function quote(path: Buffer): string {
  const quoted = Array.from(path, (byte) =>
    byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`,
  )
  return `"${quoted.join('')}"`
}
