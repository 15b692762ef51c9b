import { chmodSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

// Exclusive locks between processes, and between the parts of one. A lock is SQLite's own on an
// empty database, hence the operating system's on Linux, macOS and Windows: it ends with its
// process, however that dies. Nothing may open a lock file by other means, not even to read it: on
// POSIX, closing any handle of a file drops all locks of the process on it.

/** How often a waiting lock is tried again. */
const RETRY_MS = 10

/** Locks a file, made where it is missing, until disposed; null at once when it is locked already. */
export function tryLock(file: string): Disposable | null {
  const lock = openLock(file)
  if (tryAcquire(lock)) return lock
  lock.close()
  return null
}

/** Waits for the lock of a file, then runs holding it. Throws the signal's reason after an abort. */
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

/** The low byte is the primary code; the rest says more about the same thing. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  (error.errcode & 0xff) === SQLITE_BUSY
