import { mkdir, statfs } from 'node:fs/promises'
import type { WorkerContext } from './context.ts'

/**
 * The worker claims a job only if at least this many bytes of its disk are free. Jobs that already
 * run need the space for reports and logs.
 */
export const FLOOR_BYTES = 128 * 1024 * 1024
const CHECK_EVERY_MS = 5000

/** Waits until the worker's disk has room for another job, or the signal aborts. */
export async function untilRoom(
  { folder, clock, log }: Pick<WorkerContext, 'folder' | 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (let isLogged = false; !signal.aborted;) {
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    if (free >= FLOOR_BYTES) return
    if (!isLogged)
      log.warn(
        { folder, free, floor: FLOOR_BYTES },
        'disk nearly full; the worker claims no jobs until space is freed',
      )
    isLogged = true
    await clock.sleep(CHECK_EVERY_MS, signal)
  }
}
