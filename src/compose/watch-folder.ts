import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { nullWhenMissing } from '../platform/errno.ts'

/** How often to check whether the folder still exists, in milliseconds. */
const EVERY_MS = 1000

/**
 * Runs until `running` settles, and rejects with `data-dir-unusable` when the locked folder has been
 * deleted or replaced meanwhile. Without this check, the program would go on to write into files
 * that nobody can find, and end with the error of whatever fails first.
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
    // What failed first may have failed because the folder is gone.
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
