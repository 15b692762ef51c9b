import { stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { bytes } from '../domain/bytes.ts'
import { FLOOR_BYTES } from '../worker/room.ts'
import { type Check, failure, type Finding, ok, warning } from './finding.ts'

const OTHERS = 0o077

/** Checks the free disk space, and that other users cannot read the data folder. */
export const checkDisk: Check = async ({ config, folder }) => {
  const place = await nearestExisting(folder)
  return [
    await room('disk of the data folder', place, Math.max(config.keepFree, FLOOR_BYTES)),
    await room('disk of temporary files', tmpdir(), FLOOR_BYTES),
    await privacy(folder),
  ]
}

async function room(check: string, place: string, floor: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(place)
  const free = bavail * bsize
  const says = `${bytes(free)} free at ${place}`
  if (free < floor)
    return failure(
      check,
      says,
      `Delete files on this disk: no job will start while less than ${bytes(floor)} is free.`,
    )
  if (free < 10 * floor)
    return warning(check, says, `No job will start while less than ${bytes(floor)} is free.`)
  return ok(check, says)
}

async function privacy(folder: string): Promise<Finding> {
  const found = await stat(folder).catch(() => null)
  if (found === null) return ok('data folder', `${folder} will be created at the first start`)
  if (process.platform === 'win32' || (found.mode & OTHERS) === 0) return ok('data folder', folder)
  return failure('data folder', `other users can read ${folder}`, `Run: chmod 700 ${folder}`)
}

async function nearestExisting(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => null)
  return found === null && folder !== dirname(folder) ? nearestExisting(dirname(folder)) : folder
}
