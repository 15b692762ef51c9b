import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Probe } from '../domain/probe.ts'
import { syncFolder } from '../platform/durable-file.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { namingFullDisk } from './disk-errors.ts'

/** The most that one sweep removes, so that it never holds up the hub; the next one goes on. */
const SWEEP_MAX = 1000

/**
 * Where files are written before anybody may see them: a folder of the same file system, so that
 * a rename moves them to their place in one step. A crash leaves orphans here and nowhere else.
 */
export type Staging = {
  /**
   * Fills a new file, fsyncs it, moves it to its place (replacing what is there) and fsyncs that
   * folder; `placeOf` sees to it that the folder exists. Throws `disk-full`; whatever is thrown,
   * no file is left.
   */
  place<Value>(
    fill: (file: FileHandle) => Promise<Value>,
    placeOf: (value: Value) => Promise<string>,
  ): Promise<Value>
  /** Removes orphans last written before this moment (epoch ms); returns how many. */
  sweep(before: number): Promise<number>
}

/** What the files are, and who watches them on their way. */
type Watch = { readonly of: 'artifact' | 'log'; readonly probe: Probe }

/** Makes the folder if it is missing. */
export async function openStaging(folder: string, watch: Watch): Promise<Staging> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return {
    place: (fill, placeOf) =>
      namingFullDisk(folder, () => place(join(folder, randomUUID()), watch, fill, placeOf)),
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
