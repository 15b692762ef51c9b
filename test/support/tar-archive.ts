import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { shell } from './repository.ts'

const run = promisify(execFile)

/** An archive entry that no honest program would write. */
export type TarEntry = {
  readonly name: string | Buffer
  /** Its type flag; a file by default. */
  readonly type?: string
  readonly link?: string
  readonly mode?: number
  readonly body?: string
  /** The size that it claims, in bytes; that of its body by default. */
  readonly size?: number
}

/** The bytes of a tar archive (ustar) with these entries, in this order. */
export const tarOf = (...entries: readonly TarEntry[]): Buffer =>
  Buffer.concat([...entries.map(blocksOf), Buffer.alloc(1024)])

function blocksOf({
  name,
  type = '0',
  link = '',
  mode = 0o644,
  body = '',
  size,
}: TarEntry): Buffer {
  const bytes = Buffer.from(body)
  const header = Buffer.alloc(512)
  Buffer.from(name).copy(header, 0, 0, 100)
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  header.write('0000000\0'.repeat(2), 108)
  header.write(`${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0        ', 136)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, bytes, Buffer.alloc(-bytes.length & 511)])
}

/** A record of a pax header, which begins with its own length. */
export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  const digits = String(rest + String(rest).length).length
  return `${rest + digits} ${key}=${value}\n`
}

/** Runs a script in an empty folder and archives the result with GNU tar. */
export async function packedBy(
  folder: string,
  script: string,
  name = 'site.tar.gz',
): Promise<string> {
  const site = join(folder, `${name}.d`)
  await mkdir(site)
  await shell(site, script)
  const file = join(folder, name)
  await run('tar', [name.endsWith('gz') ? '-czf' : '-cf', file, '-C', site, '.'])
  return file
}

/** `mode path` and content of each entry that GNU tar unpacks from an archive, in order. */
export async function listedByTar(file: string): Promise<string[]> {
  const { stdout } = await run('tar', ['--full-time', '--utc', '-tvzf', file])
  return stdout.trimEnd().split('\n')
}
