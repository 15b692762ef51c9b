import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Probe } from '../domain/probe.ts'
import { syncFolder } from '../platform/durable-file.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { withDiskFullError } from './disk-errors.ts'

/**
 * Maximum number of files that one sweep removes, so that a sweep stays short; the next sweep
 * continues.
 */
const SWEEP_MAX = 1000

/**
 * A folder where files are written before a rename moves them into place. It is on the same file
 * system as their destination, so that the rename is atomic. A crash leaves orphaned files only here.
 */
export type Staging = {
  /**
   * Creates a file, lets `fill` write to it, and fsyncs it. Then renames it to the path that `placeOf`
   * returns, and fsyncs the destination folder. The rename replaces an existing file. `placeOf` must
   * create the destination folder. Throws `disk-full`. On any error, the new file is removed.
   */
  place<Value>(
    fill: (file: FileHandle) => Promise<Value>,
    placeOf: (value: Value) => Promise<string>,
  ): Promise<Value>
  /** Removes orphaned files last written before this time (epoch ms). Returns their number. */
  sweep(before: number): Promise<number>
}

/**
 * `probe` is called before and after each rename: for an artifact with `artifact-staged` and
 * `artifact-placed`, for a log with `log-staged` and `log-placed`. The fault suite can stop the
 * program there.
 */
type Watch = { readonly of: 'artifact' | 'log'; readonly probe: Probe }

/** Opens a staging folder. Creates it if it is missing. */
export async function openStaging(folder: string, watch: Watch): Promise<Staging> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return {
    place: (fill, placeOf) =>
      withDiskFullError(folder, () => place(join(folder, randomUUID()), watch, fill, placeOf)),
    sweep: (before) => sweep(folder, before),
  }
}

async function place<Value>(
  path: string,
  { of, probe }: Watch,
  fill: (file: FileHandle) => Promise<Value>,
  placeOf: (value: Value) => Promise<string>,
): Promise<Value> {
  try {
    const value = await write(path, fill)
    const destination = await placeOf(value)
    await probe(`${of}-staged`)
    await rename(path, destination)
    await syncFolder(dirname(destination))
    await probe(`${of}-placed`)
    return value
  } catch (error) {
    await rm(path, { force: true })
    throw error
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
