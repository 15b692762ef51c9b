import { randomUUID } from 'node:crypto'
import { copyFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** Runs with a copy of a git folder's index, which is removed afterwards; the index stays as it is. */
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

/** The copy must not look newer, or git would trust the times of files written in the same moment. */
export async function copyIndex(from: string, to: string): Promise<void> {
  const { atime, mtime } = await stat(from)
  await copyFile(from, to)
  await utimes(to, atime, mtime)
}
