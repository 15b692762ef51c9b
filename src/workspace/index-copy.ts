import { randomUUID } from 'node:crypto'
import { copyFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Calls `run` with a temporary copy of a git directory's index, so that the index stays unchanged.
 */
export async function withIndexCopy<Value>(
  gitDir: string,
  run: (indexFile: string) => Promise<Value>,
): Promise<Value> {
  const indexFile = join(gitDir, `index.${randomUUID()}`)
  try {
    await copyIndex(join(gitDir, 'index'), indexFile)
    return await run(indexFile)
  } finally {
    await rm(indexFile, { force: true })
  }
}

/**
 * Copies an index and its timestamps. If the copy had a newer timestamp, git would miss a change to
 * a file that was made in the clock tick in which the original index was written ("racy git").
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  const { atime, mtime } = await stat(from)
  await copyFile(from, to)
  await utimes(to, atime, mtime)
}
