import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import { nullWhenMissing } from '../platform/errno.ts'

/** How often a running backup refreshes its marker file. */
const RENEW_MS = 30_000
/**
 * A marker that has not been refreshed for this long is stale: the backup that wrote it has died.
 */
const OLD_MS = 10 * RENEW_MS

const folderOf = (store: string): string => join(store, 'backups')

/**
 * Marks a store as being backed up: writes a marker file, and refreshes the file until the caller
 * disposes of the result. Garbage collection deletes no files from a marked store, even if it runs
 * in another process or on another machine that shares the folder.
 */
export async function markBackup(store: string, clock: Clock): Promise<AsyncDisposable> {
  const mark = join(folderOf(store), randomUUID())
  const write = (): Promise<void> => writeFile(mark, `${process.pid}\n`, { mode: 0o600 })
  await mkdir(folderOf(store), { recursive: true, mode: 0o700 })
  await write()
  const over = new AbortController()
  const renewing = renew(write, clock, over.signal)
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await renewing
      await rm(mark, { force: true })
    },
  }
}

async function renew(write: () => Promise<void>, clock: Clock, over: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(RENEW_MS, over)
    if (over.aborted) return
    // If a write fails, for example on a full disk, the next refresh tries again. The marker becomes
    // stale only after `OLD_MS` without a successful write.
    await write().catch(() => {})
  }
}

/**
 * Whether a backup of this store is running. `now` is the current time (epoch ms). Also removes
 * stale markers.
 */
export async function isBackedUp(store: string, now: number): Promise<boolean> {
  let alive = false
  for (const name of (await readdir(folderOf(store)).catch(nullWhenMissing)) ?? []) {
    const mark = join(folderOf(store), name)
    const file = await stat(mark).catch(nullWhenMissing)
    if (file === null) continue
    if (now - file.mtimeMs < OLD_MS) alive = true
    else await rm(mark, { force: true })
  }
  return alive
}
