import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { nullWhenMissing } from '../platform/errno.ts'

/** How often to check whether the folder still exists, in milliseconds. */
const EVERY_MS = 1000

/**
 * Waits until `running` settles. Rejects with `data-dir-unusable` as soon as the locked folder has
 * been deleted or replaced: without this check, the program would write into deleted files until an
 * unrelated error ends it.
 */
export async function whileFolderLasts(
  folder: string,
  running: Promise<void>,
  clock: Clock,
): Promise<void> {
  const lock = await inodeOf(folder)
  const isLost = async (): Promise<boolean> => (await inodeOf(folder)) !== lock
  const lost = () =>
    new AppError(
      'data-dir-unusable',
      `The data folder ${folder} was deleted or replaced while this program was using it.`,
    )
  const over = new AbortController()
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await clock.sleep(EVERY_MS, over.signal)
      if (!over.signal.aborted && (await isLost())) throw lost()
    }
  }
  try {
    await Promise.race([running, watch()])
  } catch (error) {
    // The program may have failed because the folder is gone.
    throw isAppError(error) || !(await isLost()) ? error : lost()
  } finally {
    over.abort()
  }
}

/** Identifies the folder by the file that locks it; null if the file is gone. */
async function inodeOf(folder: string): Promise<number | null> {
  const found = await stat(join(folder, 'owner.db')).catch(nullWhenMissing)
  return found?.ino ?? null
}
