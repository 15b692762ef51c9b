// Carries an agent's session files from one job to its follow-up. The agent's home is untrusted:
// only regular files are packed, and symbolic links are neither followed nor created.
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { hasErrno, nullWhenMissing } from '../platform/errno.ts'
import { fitsTar, readTar, type TarFile, writeTar } from './tar.ts'

const SESSION_BYTES_MAX = 64 * 1024 * 1024
const ENTRIES_MAX = 10_000

/**
 * Packs the regular files at or below these paths into a tar archive. The paths are relative to
 * `home`. Skips files whose names are too long or not plain (`isPlain`). Writes nothing and returns
 * false if there are no files to pack, if the files exceed 64 MiB in total, if there are more than
 * 10,000 entries of any type, or if a file or folder is unreadable.
 */
export async function packSession(
  home: string,
  paths: readonly string[],
  archive: string,
): Promise<boolean> {
  const session: Session = { home, files: [], entries: 0, bytes: 0 }
  for (const path of paths) {
    if (!(await addPath(session, path).catch(falseWhenUnreadable))) return false
  }
  if (session.files.length === 0) return false
  await writeFile(archive, writeTar(session.files), { mode: 0o600 })
  return true
}

/**
 * Unpacks an archive into a new home. Throws `StepFailed` with `workspace-failed` for an archive
 * that `packSession` could not have made.
 */
export async function unpackSession(archive: string, home: string): Promise<void> {
  const { size } = await lstat(archive)
  if (size > 2 * SESSION_BYTES_MAX) throw unusable(`it has ${size} bytes, which is too large`)
  const files = readTar(await readFile(archive))
  if ('refused' in files) throw unusable(files.refused)
  for (const { name, bytes } of files) {
    if (!isPlain(name)) throw unusable(`it contains the unsafe name ${JSON.stringify(name)}`)
    await putFile(join(home, name), bytes)
  }
}

async function putFile(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!hasErrno(error, 'EEXIST', 'ENOTDIR')) throw error
    throw unusable(`its entry ${file} conflicts with an earlier entry`)
  }
}

type Session = {
  readonly home: string
  readonly files: TarFile[]
  entries: number
  bytes: number
}

/** Adds a file, or a folder recursively. Returns false if a limit is exceeded. */
async function addPath(session: Session, path: string): Promise<boolean> {
  session.entries += 1
  if (session.entries > ENTRIES_MAX) return false
  switch (await kindOf(session.home, path)) {
    case 'file':
      return isPlain(path) && fitsTar(path) ? await addFile(session, path) : true
    case 'folder':
      for (const name of (await readdir(join(session.home, path))).toSorted()) {
        if (!(await addPath(session, `${path}/${name}`))) return false
      }
      return true
    case 'other':
      return true
  }
}

/**
 * The type of the entry at a path. Checks each parent folder too, because a parent can be a
 * symbolic link.
 */
async function kindOf(home: string, path: string): Promise<'file' | 'folder' | 'other'> {
  const parts = path.split('/')
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const stats = await lstat(join(home, ...parts.slice(0, depth))).catch(nullWhenMissing)
    if (stats === null) return 'other'
    if (depth === parts.length && stats.isFile()) return 'file'
    if (!stats.isDirectory()) return 'other'
  }
  return 'folder'
}

async function addFile(session: Session, path: string): Promise<boolean> {
  await using file = await open(join(session.home, path), constants.O_RDONLY | constants.O_NOFOLLOW)
  const { size } = await file.stat()
  session.bytes += size
  if (session.bytes > SESSION_BYTES_MAX) return false
  session.files.push({ name: path, bytes: await file.readFile() })
  return true
}

function falseWhenUnreadable(error: unknown): false {
  if (hasErrno(error, 'EACCES', 'ENAMETOOLONG')) return false
  throw error
}

/**
 * Whether a name is a relative path of printable ASCII characters that has no space, no backslash,
 * and no segment `.` or `..`. Real agents use only such names.
 */
const isPlain = (name: string): boolean =>
  /^[\x21-\x7e]+$/.test(name) &&
  !/\\/.test(name) &&
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

const unusable = (why: string): StepFailed =>
  new StepFailed(
    'workspace-failed',
    `cannot use the archive of the agent’s earlier session: ${why}`,
  )
