import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Replaces a file so that after a crash or power cut it holds either the old bytes or the new:
 * write beside it, fsync, rename, fsync the folder. The new file is readable by its owner alone.
 */
export async function writeDurably(path: string, bytes: string | Uint8Array): Promise<void> {
  const beside = join(dirname(path), `.${randomUUID()}.tmp`)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes a rename or a new file in this folder survive a power cut. Windows cannot and need not. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
