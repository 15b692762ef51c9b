import { chmodSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

// Exclusive locks between processes, and between the parts of one process. A lock is SQLite's lock on
// an empty database, which is a lock of the operating system on Linux, macOS and Windows: it is
// released when its process dies. Nothing else may open a lock file, not even to read it: on POSIX,
// closing any handle of a file releases all locks of the process on it.

/** Interval between attempts to acquire a lock. */
const RETRY_MS = 10

/** Locks a file until disposed, and creates it if missing; null when it is already locked. */
export function tryLock(file: string): Disposable | null {
  const lock = openLock(file)
  if (tryAcquire(lock)) return lock
  lock.close()
  return null
}

/** Runs `run` while holding the lock of a file, after waiting for it. Throws the signal's reason. */
export async function withLock<Value>(
  file: string,
  run: () => Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  using lock = openLock(file)
  while (!tryAcquire(lock)) {
    await wait(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  return await run()
}

function openLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(file, { timeout: 0 })
  chmodSync(file, 0o600)
  return lock
}

function tryAcquire(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}

const SQLITE_BUSY = 5

/** The low byte is SQLite's primary result code; the other bits refine it. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  (error.errcode & 0xff) === SQLITE_BUSY
