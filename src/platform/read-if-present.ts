import { readFile } from 'node:fs/promises'
import { nullWhenMissing } from './errno.ts'

/**
 * Reads a text file. Returns null if the file does not exist (`ENOENT`) and throws any other error.
 */
export async function readIfPresent(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch(nullWhenMissing)
}
