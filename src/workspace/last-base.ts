import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../platform/durable-file.ts'
import type { Base, Cache, Start } from './cache.ts'
import { isObjectId } from './object-format.ts'
import { isRefName } from './ref-name.ts'

type From = Start['from']

/**
 * Guesses what a start resolves to, so that a checkout can begin before the remote responds. The
 * guess is the commit that was checked out when a job last started from the same refs with this
 * cache. Returns null if no job has.
 */
export async function lastBase(cache: Cache, from: From): Promise<Base | null> {
  const text = await readFile(fileOf(cache, from), 'utf8').catch(() => null)
  const [, commit = '', branch = ''] = /^(\S+) (\S*)$/.exec(text ?? '') ?? []
  if (!isObjectId(commit)) return null
  return { commit, branch: isRefName(branch) ? branch : null }
}

export async function saveLastBase(cache: Cache, from: From, base: Base): Promise<void> {
  await writeDurably(fileOf(cache, from), `${base.commit} ${base.branch ?? ''}`)
}

const fileOf = (cache: Cache, from: From): string =>
  join(cache.folder, 'last', createHash('sha256').update(from.join('\n')).digest('hex'))
