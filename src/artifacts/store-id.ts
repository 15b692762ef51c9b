import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { syncFolder } from '../platform/durable-file.ts'
import { hasErrno } from '../platform/errno.ts'
import { readIfPresent } from '../platform/read-if-present.ts'

const StoreFile = z.object({ id: z.uuid() })

/** Names the store in this folder; the first who asks gives it its name. */
export async function storeId(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'store.json')
  const found = await readIfPresent(path)
  if (found === null) await writeOnce(folder, path)
  return StoreFile.parse(JSON.parse(found ?? (await readFile(path, 'utf8')))).id
}

/** Of two hubs that start at the same moment one writes, and both read that. */
async function writeOnce(folder: string, path: string): Promise<void> {
  const id = randomUUID()
  const beside = join(folder, `.${id}.tmp`)
  const file = await open(beside, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ id })}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await link(beside, path).catch((error: unknown) => {
    if (!hasErrno(error, 'EEXIST')) throw error
  })
  await rm(beside)
  await syncFolder(folder)
}
