import { readFile } from 'node:fs/promises'
import { nullWhenMissing } from './errno.ts'

/** Reads a text file; null when it does not exist (`ENOENT`). Throws any other error. */
export async function readIfPresent(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch(nullWhenMissing)
}
