import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../domain/errors.ts'
import { isSqliteError } from './sqlite-error.ts'

/**
 * Makes this process the only owner of a data folder until disposed. The lock is SQLite's own
 * exclusive lock on a small file, hence an operating system lock on Linux, macOS and Windows: it
 * is gone the moment the process dies, however it dies. Throws `data-dir-busy` at once when
 * another process, or another part of this one, is the owner.
 *
 * Nothing in this process may open owner.db by other means, not even to read it: on POSIX, closing
 * any handle of a file drops all locks of the process on it. The pid, for people, stands in a file beside it.
 */
export function ownFolder(folder: string): Disposable {
  const path = join(folder, 'owner.db')
  const lock = new DatabaseSync(path, { timeout: 0 })
  chmodSync(path, 0o600)
  const pidFile = join(folder, 'owner.pid')
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (isSqliteError(error, 'busy')) throw folderBusy(folder, pidFile)
    throw error
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return {
    [Symbol.dispose]: () => {
      rmSync(pidFile, { force: true })
      lock.close()
    },
  }
}

function folderBusy(folder: string, pidFile: string): AppError {
  const pid = readPid(pidFile)
  const owner = pid === undefined ? 'another process' : `process ${pid}`
  return new AppError('data-dir-busy', `The data folder ${folder} is in use by ${owner}.`, {
    details: { folder, ...(pid === undefined ? {} : { pid }) },
  })
}

/** The owner holds the lock for an instant before it has written its pid. */
function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isNaN(pid) ? undefined : pid
  } catch {
    return undefined
  }
}
