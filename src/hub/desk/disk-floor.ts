import { AppError } from '../../domain/errors.ts'

/** How much room the disk of the data folder must keep. */
export type DiskFloor = { freeBytes(): Promise<number>; readonly floorBytes: number }

/**
 * Refuses new work while there is still room for the ledger to finish the work at hand.
 * Throws `disk-full`.
 */
export async function demandRoom(disk: DiskFloor | undefined): Promise<void> {
  if (disk === undefined) return
  const free = await disk.freeBytes()
  if (free >= disk.floorBytes) return
  throw new AppError(
    'disk-full',
    `The disk of the hub’s data folder has ${free} bytes left; it keeps ${disk.floorBytes} free.`,
  )
}
