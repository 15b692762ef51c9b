import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { syncFolder } from '../platform/durable-file.ts'

/** The most that one sweep removes, so that it never holds up the hub; the next one goes on. */
const SWEEP_MAX = 1000

/**
 * Where files are written before anybody may see them: a folder of the same file system, so that
 * a rename moves them to their place in one step. A crash leaves orphans here and nowhere else.
 */
export type Staging = {
  /**
   * Fills a new file, fsyncs it, moves it to its place (replacing what is there) and fsyncs that
   * folder, which must exist. Throws `disk-full`; whatever is thrown, no file is left.
   */
  place<Value>(
    fill: (file: FileHandle) => Promise<Value>,
    placeOf: (value: Value) => string,
  ): Promise<Value>
  /** Removes orphans last written before this moment (epoch ms); returns how many. */
  sweep(before: number): Promise<number>
}

/** Makes the folder if it is missing. */
export async function openStaging(folder: string): Promise<Staging> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return {
    place: (fill, placeOf) => place(join(folder, randomUUID()), fill, placeOf),
    sweep: (before) => sweep(folder, before),
  }
}

async function place<Value>(
  path: string,
  fill: (file: FileHandle) => Promise<Value>,
  placeOf: (value: Value) => string,
): Promise<Value> {
  try {
    const value = await write(path, fill)
    await rename(path, placeOf(value))
    await syncFolder(dirname(placeOf(value)))
    return value
  } catch (error) {
    await rm(path, { force: true })
    throw isNoSpace(error)
      ? new AppError('disk-full', `no space left on the disk of ${dirname(path)}`, { cause: error })
      : error
  }
}

async function write<Value>(
  path: string,
  fill: (file: FileHandle) => Promise<Value>,
): Promise<Value> {
  const file = await open(path, 'wx', 0o600)
  try {
    const value = await fill(file)
    await file.sync()
    return value
  } finally {
    await file.close()
  }
}

async function sweep(folder: string, before: number): Promise<number> {
  let removed = 0
  for await (const entry of await opendir(folder)) {
    if (removed === SWEEP_MAX) break
    const path = join(folder, entry.name)
    const found = await stat(path).catch(nullWhenMissing)
    if (found === null || found.mtimeMs >= before) continue
    await rm(path, { force: true })
    removed += 1
  }
  return removed
}

/** The system's code of an error, such as ENOENT. */
const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

const isNoSpace = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(String(codeOf(error)))

/** For `.catch`: null when the file is not there; anything else is thrown on. */
export function nullWhenMissing(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}
