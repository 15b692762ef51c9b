import { readFile } from 'node:fs/promises'
import { hasErrno } from './errno.ts'

/** The text of a file, or null when there is no such file. Throws any other failure to read it. */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null
    throw error
  }
}
