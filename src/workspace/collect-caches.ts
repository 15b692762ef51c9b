import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskSpaceOf } from '../platform/disk-space-of.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { withLock } from '../platform/file-lock.ts'

/** Longer than any single git call: so long an attempt may work with a cache before its pin says so. */
const GRACE_MS = 3_600_000

/** How long a collection waits for a cache's lock before it leaves that cache alone. */
const LOCK_MS = 1000

/** What was removed. */
type Removed = { readonly caches: number; readonly bytes: number }

const usedFile = (cache: string): string => join(cache, 'used')

/** Notes that a cache is in use now. One that does not exist yet will be young. */
export async function noteUse(cache: string): Promise<void> {
  await writeFile(usedFile(cache), 'by an attempt\n', { mode: 0o600 }).catch(nullWhenMissing)
}

async function usedAt(cache: string): Promise<number> {
  const file = (await stat(usedFile(cache)).catch(nullWhenMissing)) ?? (await stat(cache))
  return file.mtimeMs
}

/**
 * Removes caches of repositories and of Git LFS, those unused for longest first, until the rest
 * takes at most `bytes` of disk. None that an attempt works with, or has just asked for.
 */
export async function collectCaches(
  folder: string,
  { bytes, now }: { readonly bytes: number; readonly now: number },
  signal: AbortSignal,
): Promise<Removed> {
  const caches = await measure(folder)
  let total = caches.reduce((sum, cache) => sum + cache.bytes, 0)
  const removed = { caches: 0, bytes: 0 }
  for (const cache of caches.toSorted((one, other) => one.usedAt - other.usedAt)) {
    if (total <= bytes || cache.usedAt > now - GRACE_MS) break
    if (!(await removeUnlessUsed(cache.path, now, signal))) continue
    total -= cache.bytes
    removed.caches += 1
    removed.bytes += cache.bytes
  }
  return removed
}

type Measured = { readonly path: string; readonly usedAt: number; readonly bytes: number }

async function measure(folder: string): Promise<readonly Measured[]> {
  const names = await readdir(folder).catch(() => [])
  const caches = names.filter((name) => /^[0-9a-f]{64}\.(?:git|lfs)$/.test(name))
  return Promise.all(
    caches.map(async (name) => {
      const path = join(folder, name)
      const [at, bytes] = await Promise.all([usedAt(path), diskSpaceOf(path)])
      return { path, usedAt: at, bytes }
    }),
  )
}

/** Under the cache's lock, so that nobody fetches into it; moved aside first, so that none is half there. */
async function removeUnlessUsed(path: string, now: number, signal: AbortSignal): Promise<boolean> {
  const impatient = AbortSignal.any([signal, AbortSignal.timeout(LOCK_MS)])
  const aside = `${path}.old`
  try {
    return await withLock(
      `${path}.lock`,
      async () => {
        if ((await usedAt(path)) > now - GRACE_MS || (await isPinned(path))) return false
        await rename(path, aside)
        await rm(aside, { recursive: true, force: true })
        return true
      },
      impatient,
    )
  } catch (error) {
    signal.throwIfAborted()
    if (impatient.aborted) return false
    throw error
  }
}

/** A name with a dot before it is a pin that was never made: its worker died while it wrote it. */
const isPinned = async (path: string): Promise<boolean> =>
  (await readdir(join(path, 'refs', 'jobs')).catch(() => [])).some((name) => !name.startsWith('.'))
