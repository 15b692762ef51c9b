import { statfs } from 'node:fs/promises'
import type { Clock } from './clock.ts'
import { hasErrno } from './errno.ts'

/** How long an answer is good, in milliseconds. */
const FRESH_MS = 1000

/**
 * Asks how many bytes this user can still write to the disk of a folder; looks at most once a
 * second. Throws when the folder does not exist.
 */
export function watchFreeSpace(folder: string, clock: Clock): () => Promise<number> {
  let answer: Promise<number> | undefined
  let askedAt = 0
  return () => {
    if (answer === undefined || clock.monotonic() - askedAt >= FRESH_MS) {
      answer = freeBytes(folder)
      askedAt = clock.monotonic()
    }
    return answer
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Whether a write failed because the disk, or this user's share of it, is full. */
export const isDiskFull = (error: unknown): boolean => hasErrno(error, 'ENOSPC', 'EDQUOT')
