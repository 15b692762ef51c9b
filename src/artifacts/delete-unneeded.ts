import type { Dir } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nullWhenMissing } from '../platform/errno.ts'

/** Names looked up in the ledger at a time. */
const BATCH = 100
/** Of what was found, the names that are told. */
const EXAMPLES_MAX = 5

/** What is to be deleted from a store. */
export type Deletion = {
  /** Only what was last written before this moment (epoch ms). */
  readonly before: number
  /** Which of these names must stay. */
  readonly needed: (names: readonly string[]) => Promise<ReadonlySet<string>>
  /** Finds, but removes nothing. */
  readonly dryRun: boolean
  /** Asked before each batch; once it is false the rest stays. */
  readonly mayGoOn: () => Promise<boolean>
}

/** What was removed, or would be. */
export type Deleted = {
  readonly count: number
  /** Of disk. */
  readonly bytes: number
  readonly examples: string[]
}

/** Where names are found, and how one is removed. */
export type Shelf = {
  readonly folder: string
  readonly isName: (name: string) => boolean
  readonly spaceOf: (path: string) => Promise<number>
  /** Returns the bytes it freed; 0 when it turned out to be needed after all. */
  readonly remove: (name: string) => Promise<number | null>
}

/** Walks through a folder in batches and removes what is old and not needed. */
export async function deleteUnneeded(shelf: Shelf, deletion: Deletion): Promise<Deleted> {
  const found: { -readonly [Key in keyof Deleted]: Deleted[Key] } = {
    count: 0,
    bytes: 0,
    examples: [],
  }
  for await (const names of oldNames(shelf, deletion.before)) {
    if (!(await deletion.mayGoOn())) break
    const needed = await deletion.needed(names)
    for (const name of names.filter((candidate) => !needed.has(candidate))) {
      const bytes = deletion.dryRun
        ? await shelf.spaceOf(join(shelf.folder, name))
        : await shelf.remove(name)
      if (bytes === null) continue
      found.count += 1
      found.bytes += bytes
      if (found.examples.length < EXAMPLES_MAX) found.examples.push(name)
    }
  }
  return found
}

/** Adds up what was found in several folders. */
export const sum = (parts: readonly Deleted[]): Deleted => ({
  count: parts.reduce((total, { count }) => total + count, 0),
  bytes: parts.reduce((total, { bytes }) => total + bytes, 0),
  examples: parts.flatMap(({ examples }) => examples).slice(0, EXAMPLES_MAX),
})

async function* oldNames(
  { folder, isName }: Shelf,
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

/** One after the other: a store may hold a million. */
async function* namesIn(folder: string): AsyncGenerator<string> {
  const entries: Dir | null = await opendir(folder).catch(nullWhenMissing)
  if (entries === null) return
  for await (const { name } of entries) yield name
}
