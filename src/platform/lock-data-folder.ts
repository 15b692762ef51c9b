import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { tryLock } from './file-lock.ts'

/**
 * Locks a data folder until the result is disposed. If the folder is missing, creates it so that
 * only this user can access it. If another process, or other code in this process, holds the lock,
 * throws `data-dir-busy` immediately. The process that holds the lock writes its pid to a file, so
 * that the error message can name that process.
 */
export function lockDataFolder(folder: string): Disposable {
  makeFolder(folder)
  const pidFile = join(folder, 'owner.pid')
  const lock = tryLock(join(folder, 'owner.db'))
  if (lock === null) throw folderBusy(folder, pidFile)
  using locking = new DisposableStack()
  locking.use(lock)
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  locking.defer(() => rmSync(pidFile, { force: true }))
  return locking.move()
}

/**
 * Creates a folder and its missing parents one by one. The recursive mkdir of Node 24 never returns
 * if the folder is in /proc.
 */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process may have created the folder in the meantime.
    if (!isFolder(folder)) throw error
  }
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

function folderBusy(folder: string, pidFile: string): AppError {
  const pid = readPid(pidFile)
  const owner = pid === undefined ? 'another process' : `process ${pid}`
  return new AppError('data-dir-busy', `The data folder ${folder} is in use by ${owner}.`, {
    details: { folder, ...(pid === undefined ? {} : { pid }) },
  })
}

/** Returns undefined if the process that holds the lock has not yet written its pid. */
function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isNaN(pid) ? undefined : pid
  } catch {
    return undefined
  }
}
