import { statfs } from 'node:fs/promises'
import type { Clock } from './clock.ts'
import { hasErrno } from './errno.ts'

/** How long a measurement stays valid, in milliseconds. */
const FRESH_MS = 1000

/**
 * Returns a function that resolves with the number of bytes this user can still write to the disk
 * that holds the folder. The function checks the disk at most once per second. It rejects if the
 * folder does not exist.
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

/** Whether a write failed because the disk is full or this user's quota is used up. */
export const isDiskFull = (error: unknown): boolean => hasErrno(error, 'ENOSPC', 'EDQUOT')
