import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../platform/durable-file.ts'
import type { Base, Cache } from './cache.ts'
import { REF_NAME } from './ref-name.ts'

/**
 * Guesses what a ref resolves to, so that a checkout can start before the remote responds. The
 * guess is the commit that was checked out when a job last used this ref and this cache. Returns
 * null if no job has used them.
 */
export async function lastBase(cache: Cache, ref: string | null): Promise<Base | null> {
  const text = await readFile(fileOf(cache, ref), 'utf8').catch(() => null)
  const [, commit, branch = ''] = /^([0-9a-f]{40}) (\S*)$/.exec(text ?? '') ?? []
  if (commit === undefined) return null
  return { commit, branch: REF_NAME.test(branch) ? branch : null }
}

export async function saveLastBase(cache: Cache, ref: string | null, base: Base): Promise<void> {
  await writeDurably(fileOf(cache, ref), `${base.commit} ${base.branch ?? ''}`)
}

const fileOf = (cache: Cache, ref: string | null): string =>
  join(
    cache.folder,
    'last',
    createHash('sha256')
      .update(ref ?? 'HEAD')
      .digest('hex'),
  )
