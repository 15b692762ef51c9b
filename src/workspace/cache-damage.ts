// Detects and repairs damaged caches. Detection reads the cache itself, because git's error
// messages do not reliably show whether the cache caused an error.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { git, type GitSettings } from './git.ts'
import { isObjectId, type ObjectFormat } from './object-format.ts'
import { makeRepository } from './repository-folder.ts'

type Folder = { readonly settings: GitSettings; readonly gitDir: string }

/**
 * Whether every object that is reachable from the refs exists. Also returns true if the check times
 * out.
 */
export async function isWhole({ settings, gitDir }: Folder, signal: AbortSignal): Promise<boolean> {
  const args = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress']
  const { code, exceeded } = await git(settings, { args, gitDir }, signal)
  return code === 0 || exceeded !== null
}

/** Whether every file of a commit can be read. Also returns true if the check times out. */
export async function isReadable(
  { settings, gitDir }: Folder,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> {
  const list = { args: ['rev-list', '--objects', '--no-walk', commit], gitDir }
  const listed = await git(settings, list, signal)
  if (listed.code !== 0) return listed.exceeded !== null
  const stdin = listed.stdout.toString('latin1').replaceAll(/ .*$/gm, '')
  const read = { args: ['cat-file', '--batch', '--buffer'], gitDir, stdin, stdoutFile: devNull }
  const { code, exceeded } = await git(settings, { ...read, stdoutBytesMax: Infinity }, signal)
  return code === 0 || exceeded !== null
}

/**
 * Repairs a damaged repository from a freshly fetched one: moves the fresh packs into the damaged
 * repository and replaces its refs. Removes no existing objects, because running jobs still read
 * them. If an existing object is unreadable, git reads the copy in a fresh pack instead. At the
 * end, removes the `fresh` folder.
 */
export async function repairFrom(
  damaged: string,
  fresh: string,
  objectFormat: ObjectFormat,
): Promise<void> {
  await mkdir(packs(damaged), { recursive: true })
  await mkdir(join(damaged, 'refs'), { recursive: true })
  // Move each pack before its index, because git expects a pack for every index.
  const files = (await readdir(packs(fresh))).toSorted(
    (one, other) => Number(one.endsWith('.idx')) - Number(other.endsWith('.idx')),
  )
  for (const name of files) await rename(join(packs(fresh), name), join(packs(damaged), name))
  await joinShallow(damaged, fresh)
  for (const name of ['packed-refs', 'refs/heads', 'refs/tags', 'refs/tips']) {
    await rm(join(damaged, name), { recursive: true, force: true })
  }
  for (const name of await readdir(join(fresh, 'refs'))) {
    await rename(join(fresh, 'refs', name), join(damaged, 'refs', name))
  }
  await makeRepository(damaged, { bare: true, branch: 'none', objectFormat })
  await rm(fresh, { recursive: true })
}

const packs = (folder: string): string => join(folder, 'objects', 'pack')

/**
 * Writes the commits of both `shallow` files to the repaired repository: its history may end at the
 * commits in either file.
 */
async function joinShallow(damaged: string, fresh: string): Promise<void> {
  const texts = await Promise.all(
    [damaged, fresh].map((folder) => readFile(join(folder, 'shallow'), 'utf8').catch(() => '')),
  )
  const commits = new Set(texts.join('').split('\n').filter(isObjectId))
  if (commits.size > 0) await writeFile(join(damaged, 'shallow'), `${[...commits].join('\n')}\n`)
}
