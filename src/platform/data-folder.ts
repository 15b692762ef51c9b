import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { tryLock } from './file-lock.ts'

/**
 * Makes a data folder where it is missing, readable by its owner alone, and locks it until
 * disposed. Throws `data-dir-busy` at once when another process, or another part of this one,
 * holds the lock. The pid, for people, stands in a file beside the lock.
 */
export function lockDataFolder(folder: string): Disposable {
  makeFolder(folder)
  const pidFile = join(folder, 'owner.pid')
  const lock = tryLock(join(folder, 'owner.db'))
  if (lock === null) throw folderBusy(folder, pidFile)
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return {
    [Symbol.dispose]: () => {
      rmSync(pidFile, { force: true })
      lock[Symbol.dispose]()
    },
  }
}

/** Like Node's recursive mkdir, which never returns for a new folder in /proc (Node 24). */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it in the meantime.
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

/** The owner holds the lock for an instant before it has written its pid. */
function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isNaN(pid) ? undefined : pid
  } catch {
    return undefined
  }
}
