import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

/** How often a taken lock is tried again. */
const RETRY_MS = 10

/**
 * Runs one thing at a time for a lock file, across processes. SQLite's exclusive lock is the
 * kernel's on Linux, macOS and Windows alike: a killed holder frees it at once.
 */
export async function withLock<Value>(
  file: string,
  run: () => Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    while (!taken(lock))
      await wait(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
    return await run()
  } finally {
    lock.close()
  }
}

function taken(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}

/** SQLITE_BUSY */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === 5
