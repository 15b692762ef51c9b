import type { Dir } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nullWhenMissing } from '../platform/errno.ts'

/** Maximum number of names that one ledger query checks. */
const BATCH = 100
/** Maximum number of deleted names that the result lists as examples. */
const EXAMPLES_MAX = 5

/**
 * Which entries to delete from a store, and whether to delete them or only report them. An entry is
 * one artifact, or all logs of one job.
 */
export type Deletion = {
  /** Only entries last written before this time (epoch ms) are deleted. */
  readonly before: number
  /** Returns those of the given names that must not be deleted. */
  readonly needed: (names: readonly string[]) => Promise<ReadonlySet<string>>
  /** If true, nothing is deleted; the result reports what would be deleted. */
  readonly dryRun: boolean
  /** Called before each batch of names; if it returns false, the deletion stops. */
  readonly mayContinue: () => Promise<boolean>
}

/** What was deleted or, in a dry run, what would be deleted. */
export type Deleted = {
  readonly count: number
  /** Disk space that the deletion frees, in bytes. */
  readonly bytes: number
  readonly examples: string[]
}

/** A folder to delete entries from, and how to recognize, measure and remove an entry. */
export type DeletionSource = {
  readonly folder: string
  /** Whether this is the name of an entry. Files with other names are ignored. */
  readonly isName: (name: string) => boolean
  readonly spaceOf: (path: string) => Promise<number>
  /** Returns the disk space freed, in bytes; null if the entry was missing or is needed after all. */
  readonly remove: (name: string) => Promise<number | null>
}

/** Deletes the old entries of a folder that are not needed. Checks them in batches. */
export async function deleteUnneeded(source: DeletionSource, deletion: Deletion): Promise<Deleted> {
  const found: { -readonly [Key in keyof Deleted]: Deleted[Key] } = {
    count: 0,
    bytes: 0,
    examples: [],
  }
  for await (const names of oldNames(source, deletion.before)) {
    if (!(await deletion.mayContinue())) break
    const needed = await deletion.needed(names)
    for (const name of names.filter((candidate) => !needed.has(candidate))) {
      const bytes = deletion.dryRun
        ? await source.spaceOf(join(source.folder, name))
        : await source.remove(name)
      if (bytes === null) continue
      found.count += 1
      found.bytes += bytes
      if (found.examples.length < EXAMPLES_MAX) found.examples.push(name)
    }
  }
  return found
}

/** Adds up the results of several folders. */
export const sum = (parts: readonly Deleted[]): Deleted => ({
  count: parts.reduce((total, { count }) => total + count, 0),
  bytes: parts.reduce((total, { bytes }) => total + bytes, 0),
  examples: parts.flatMap(({ examples }) => examples).slice(0, EXAMPLES_MAX),
})

async function* oldNames(
  { folder, isName }: DeletionSource,
  before: number,
): AsyncGenerator<readonly string[]> {
  let batch: string[] = []
  for await (const name of namesIn(folder)) {
    if (!isName(name)) continue
    const entry = await stat(join(folder, name)).catch(nullWhenMissing)
    if (entry === null || entry.mtimeMs >= before) continue
    batch.push(name)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Streams the names instead of listing them at once, because a store may hold a million. */
async function* namesIn(folder: string): AsyncGenerator<string> {
  const entries: Dir | null = await opendir(folder).catch(nullWhenMissing)
  if (entries === null) return
  for await (const { name } of entries) yield name
}
