import { createHash } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withDiskFullError } from '../artifacts/disk-errors.ts'
import { syncFolder } from '../platform/durable-file.ts'

/**
 * Maximum number of files copied in parallel. It is low because the operating system limits the number
 * of files that a process can have open.
 */
const PARALLEL = 8

/** A copied file: its path relative to the folder, and the hex SHA-256 of its content. */
export type Copied = { readonly path: string; readonly digest: string }

/**
 * Copies small files to the same paths in another folder, replacing existing files. Yields each
 * copied file. The copies are durable once the generator has finished. Throws `disk-full`.
 */
export async function* copyFiles(
  from: string,
  to: string,
  paths: AsyncIterable<string>,
): AsyncGenerator<Copied> {
  const folders = new Set([to])
  await mkdir(to, { recursive: true, mode: 0o700 })
  const copy = async (path: string): Promise<Copied> => {
    for (let up = dirname(path); up !== '.'; up = dirname(up)) folders.add(join(to, up))
    return { path, digest: await copyFile(join(from, path), join(to, path)) }
  }
  for await (const group of inGroups(paths)) {
    yield* await withDiskFullError(to, () => Promise.all(group.map(copy)))
  }
  for (const folder of folders) await syncFolder(folder)
}

async function copyFile(from: string, to: string): Promise<string> {
  const bytes = await readFile(from)
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await using file = await open(to, 'w', 0o600)
  await file.writeFile(bytes)
  await file.sync()
  return createHash('sha256').update(bytes).digest('hex')
}

async function* inGroups(paths: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let group: string[] = []
  for await (const path of paths) {
    group.push(path)
    if (group.length < PARALLEL) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
