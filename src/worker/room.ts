import { mkdir, statfs } from 'node:fs/promises'
import type { WorkerContext } from './context.ts'

/** Free bytes below which no job is taken: room for the reports and logs of those that run. */
export const FLOOR_BYTES = 128 * 1024 * 1024
const LOOK_AGAIN_MS = 5000

/** Waits until the worker's disk has room for another job, or the signal aborts. */
export async function untilRoom(
  { folder, clock, log }: Pick<WorkerContext, 'folder' | 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (let isToldOf = false; !signal.aborted;) {
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    if (free >= FLOOR_BYTES) return
    if (!isToldOf) log.warn({ folder, free, floor: FLOOR_BYTES }, 'disk nearly full, no job taken')
    isToldOf = true
    await clock.sleep(LOOK_AGAIN_MS, signal)
  }
}
