import { chmodSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

// Exclusive locks between processes, and between parts of one process. A lock is SQLite's exclusive
// lock on an empty database. SQLite uses locks of the operating system, which are released when the
// process dies. No other code may open a lock file, even to read it: on POSIX, a process that
// closes any handle of a file releases all its locks on that file.

/** Interval between attempts to acquire a lock, in milliseconds. */
const RETRY_MS = 10

/**
 * Locks a file until the result is disposed. Creates the file if it is missing. Returns null if the
 * file is already locked.
 */
export function tryLock(file: string): Disposable | null {
  using opening = new DisposableStack()
  const lock = opening.use(openLock(file))
  return tryAcquire(lock) ? opening.move() : null
}

/**
 * Waits for the lock of a file, then calls `run` while holding it. If `signal` aborts during the
 * wait, throws its reason.
 */
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
  using opening = new DisposableStack()
  const lock = opening.use(new DatabaseSync(file, { timeout: 0 }))
  chmodSync(file, 0o600)
  opening.move()
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

/**
 * Whether SQLite failed because the lock is held elsewhere. The low byte of `errcode` is SQLite's
 * primary result code; the other bits refine it.
 */
const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  (error.errcode & 0xff) === SQLITE_BUSY
