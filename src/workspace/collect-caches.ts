import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskSpaceOf } from '../platform/disk-space-of.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { withLock } from '../platform/file-lock.ts'

/**
 * How long a cache without a pin is kept after its last use, in milliseconds. Must be longer than
 * any single git call takes, because an attempt fetches into a cache before it pins the cache.
 */
const GRACE_MS = 3_600_000

/** Time limit for locking a cache, in milliseconds; a cache that stays locked is skipped. */
const LOCK_MS = 1000

/** How many caches were removed, and the disk space that this freed. */
type Removed = { readonly caches: number; readonly bytes: number }

const usedFile = (cache: string): string => join(cache, 'used')

/**
 * Records that a cache is in use now. Does nothing if the cache does not exist yet, because a new
 * cache counts as recently used.
 */
export async function noteUse(cache: string): Promise<void> {
  await writeFile(usedFile(cache), 'by an attempt\n', { mode: 0o600 }).catch(nullWhenMissing)
}

async function usedAt(cache: string): Promise<number> {
  const file = (await stat(usedFile(cache)).catch(nullWhenMissing)) ?? (await stat(cache))
  return file.mtimeMs
}

/**
 * Removes repository caches and Git LFS caches from `folder`, least recently used first, until the
 * remaining ones take at most `bytes` of disk space. Never removes a cache that an attempt has
 * pinned or used recently, so the remaining caches may take more than `bytes`.
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

/**
 * Removes a cache unless it is pinned, locked or recently used. Locks the cache, so that no job
 * fetches into it. Renames the cache before deleting it, so that no job uses a partly deleted
 * cache.
 * @returns whether the cache was removed
 */
async function removeUnlessUsed(path: string, now: number, signal: AbortSignal): Promise<boolean> {
  const orTimeout = AbortSignal.any([signal, AbortSignal.timeout(LOCK_MS)])
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
      orTimeout,
    )
  } catch (error) {
    signal.throwIfAborted()
    if (orTimeout.aborted) return false
    throw error
  }
}

/**
 * Whether an attempt has pinned the cache. Ignores dot files, because they are temporary files of
 * workers that died while writing a pin.
 */
const isPinned = async (path: string): Promise<boolean> =>
  (await readdir(join(path, 'refs', 'jobs')).catch(() => [])).some((name) => !name.startsWith('.'))
