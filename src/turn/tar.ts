// Tar archives in the ustar format (POSIX.1-1988) that contain only regular files. Other entries,
// such as links, devices and long-name extensions, are refused, so that a hostile archive cannot
// abuse them.

export type TarFile = { readonly name: string; readonly bytes: Uint8Array }

const BLOCK = 512
const NAME_MAX = 100
const PREFIX_MAX = 155

/** Whether a name fits into a ustar header. */
export const fitsTar = (name: string): boolean => splitName(name) !== null

/** Makes an archive of these files, in this order. Throws if a name is too long. */
export function writeTar(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap(({ name, bytes }) => [
    header(name, bytes.length),
    bytes,
    Buffer.alloc(-bytes.length & (BLOCK - 1)),
  ])
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}

/** Reads an archive. Returns its files, or the reason why the archive is refused. */
export function readTar(archive: Buffer): readonly TarFile[] | { readonly refused: string } {
  const files: TarFile[] = []
  for (let at = 0; at + BLOCK <= archive.length;) {
    const block = archive.subarray(at, at + BLOCK)
    if (block.every((byte) => byte === 0)) return files
    const entry = readHeader(block)
    if (entry === null)
      return { refused: `its entry at byte ${at} is not a regular file or has an invalid header` }
    const from = at + BLOCK
    if (from + entry.size > archive.length)
      return { refused: `its entry ${entry.name} is truncated` }
    files.push({ name: entry.name, bytes: archive.subarray(from, from + entry.size) })
    at = from + Math.ceil(entry.size / BLOCK) * BLOCK
  }
  return { refused: 'it has no end-of-archive marker' }
}

function header(name: string, size: number): Buffer {
  const split = splitName(name)
  if (split === null) throw new Error(`the name is too long for a tar archive: ${name}`)
  const block = Buffer.alloc(BLOCK)
  block.write(split.name, 0)
  block.write('0000600\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write('00000000000\0', 136)
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  block.write(split.prefix, 345)
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function readHeader(block: Buffer): { readonly name: string; readonly size: number } | null {
  const size = octal(block, 124, 12)
  const isFile = block[156] === 0x30 && field(block, 257, 6) === 'ustar'
  if (!isFile || size === null || octal(block, 148, 8) !== checksum(block)) return null
  const [prefix, name] = [field(block, 345, PREFIX_MAX), field(block, 0, NAME_MAX)]
  return { name: prefix === '' ? name : `${prefix}/${name}`, size }
}

function splitName(name: string): { readonly prefix: string; readonly name: string } | null {
  if (Buffer.byteLength(name) <= NAME_MAX) return { prefix: '', name }
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)]
    if (Buffer.byteLength(rest) > NAME_MAX) continue
    return Buffer.byteLength(prefix) <= PREFIX_MAX ? { prefix, name: rest } : null
  }
  return null
}

/** The sum of the header's bytes. The bytes of the checksum field itself count as spaces. */
const checksum = (block: Buffer): number =>
  block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0)

const field = (block: Buffer, at: number, length: number): string =>
  block.toString('utf8', at, at + length).replace(/\0.*$/s, '')

function octal(block: Buffer, at: number, length: number): number | null {
  const digits = field(block, at, length).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null
}
