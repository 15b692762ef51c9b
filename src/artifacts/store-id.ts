import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { syncFolder } from '../platform/durable-file.ts'
import { hasErrno } from '../platform/errno.ts'
import { readIfPresent } from '../platform/read-if-present.ts'

const StoreFile = z.object({ id: z.uuid() })

/** Returns the id of the store in this folder. The first call creates the id and the folder. */
export async function storeId(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'store.json')
  const found = await readIfPresent(path)
  if (found === null) await writeOnce(folder, path)
  return StoreFile.parse(JSON.parse(found ?? (await readFile(path, 'utf8')))).id
}

/**
 * Writes a new id to the file `path`. If two hubs do this at once, only one call of `link`
 * succeeds. Both hubs then read the id that this call put in place.
 */
async function writeOnce(folder: string, path: string): Promise<void> {
  const id = randomUUID()
  const temp = join(folder, `.${id}.tmp`)
  const file = await open(temp, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ id })}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await link(temp, path).catch((error: unknown) => {
    if (!hasErrno(error, 'EEXIST')) throw error
  })
  await rm(temp)
  await syncFolder(folder)
}
