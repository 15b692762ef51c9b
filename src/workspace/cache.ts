import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { withLock } from '../platform/file-lock.ts'
import { readIfPresent } from '../platform/read-if-present.ts'
import type { Address } from './address.ts'
import { isReadable, isWhole, repairFrom } from './cache-damage.ts'
import { fetchInto, type GitObject, joinPacks, objectIn } from './cache-fetch.ts'
import type { GitSettings } from './git.ts'
import { formatOf, isObjectId } from './object-format.ts'
import { branchOf } from './ref-name.ts'
import { askRemote, type Remote, type RemoteRefs } from './remote.ts'
import { makeRepository } from './repository-folder.ts'

/** This worker's bare clone of a repository, shared by all jobs with the same URL and depth. */
export type Cache = {
  readonly folder: string
  readonly address: Address
  readonly settings: GitSettings
  /** Maximum number of commits to fetch from each tip; null for the full history. */
  readonly depth: number | null
}

/**
 * Describes the cache for a URL and depth. Each depth has a separate cache, so that a shallow fetch
 * never truncates the full history.
 */
export function cacheOf(
  address: Address,
  settings: GitSettings,
  depth: number | null = null,
): Cache {
  const what = depth === null ? address.url : `${address.url}\n${depth}`
  const name = createHash('sha256').update(what).digest('hex')
  return { folder: join(settings.cacheFolder, `${name}.git`), address, settings, depth }
}

export const objectsOf = (cache: Pick<Cache, 'folder'>): string => join(cache.folder, 'objects')

/**
 * The commits whose parents a shallow cache lacks, in the format of git's `shallow` file; empty if
 * the cache has the full history. The result stays valid while the cache is pinned, because no
 * commit is removed meanwhile.
 */
export async function shallowOf(cache: Pick<Cache, 'folder'>): Promise<string> {
  return (await readIfPresent(join(cache.folder, 'shallow'))) ?? ''
}

/** The commit that a ref resolves to on the remote. */
export type Base = {
  readonly commit: string
  /**
   * Name of the requested branch, or of the remote's default branch if no ref was requested; null
   * for a tag, a commit id or a detached HEAD.
   */
  readonly branch: string | null
}

/** The branch or commit of a remote repository that a workspace starts from. */
export type Start = {
  /**
   * Candidates, most preferred first. The job starts from the first one that exists. Each is HEAD,
   * a full ref name, or a full commit id. A commit id is assumed to exist.
   */
  readonly from: readonly string[]
  /** Additional names to request from the remote in the same call of `askRemote`. */
  readonly ask: readonly string[]
  /** Called when the base is known. Throws StepFailed if the job must not start from it. */
  readonly accept: (refs: RemoteRefs, base: Base) => void
}

/**
 * Resolves a start on the remote, and fetches its commit if the cache lacks it. Throws StepFailed
 * `ref-not-found`, the error of `start.accept`, or the failure to reach the remote.
 * @param known id of a commit that the cache is known to contain; null if there is none
 */
export async function fetchBase(
  cache: Cache,
  { start, known }: { readonly start: Start; readonly known: string | null },
  signal: AbortSignal,
): Promise<Base> {
  const { settings, address, folder } = cache
  await mkdir(settings.cacheFolder, { recursive: true, mode: 0o700 })
  const names = [...start.from.filter((name) => !isObjectId(name)), ...start.ask]
  const refs = await askRemote({ settings, address, gitDir: folder }, names, signal)
  const target = choose(refs, start.from)
  if (target === undefined) throw nowhere(cache, start)
  const { object, branch } = target
  const commit = object === known ? known : await fetchCommit(cache, object, signal)
  const base = { commit, branch }
  start.accept(refs, base)
  return base
}

function nowhere({ address }: Cache, { from }: Start): StepFailed {
  const [name = 'HEAD'] = from
  const thing =
    name === 'HEAD' || from.includes('HEAD')
      ? 'default branch; the repository may be empty'
      : `branch or tag ${name.replace(/^refs\/(?:heads|tags)\//, '')}`
  return new StepFailed(
    'ref-not-found',
    `${address.url} has no ${thing}. Start from an existing branch or tag, or from a full commit id`,
  )
}

/**
 * Fetches a commit if the cache lacks it. Unless the cache is shallow, the fetch includes all
 * branches and tags. Throws StepFailed `ref-not-found` if the object does not exist or is not a
 * commit.
 * @param object id of a commit, or of a tag that points to one
 * @returns the commit's id
 */
export async function fetchCommit(
  cache: Cache,
  object: string,
  signal: AbortSignal,
): Promise<string> {
  const found =
    (await objectOf(cache, object, signal)) ??
    (await locked(cache, () => fetchObject(cache, object, signal), signal))
  if (found?.type === 'commit') return found.id
  const { url } = cache.address
  const what =
    found === null
      ? `has no commit ${object}`
      : `has an object ${object}, but it is a ${found.type}, not a commit`
  throw new StepFailed('ref-not-found', `${url} ${what}`)
}

/**
 * Repairs the cache from the remote if files of the commit cannot be read.
 * @returns true if the cache was damaged; the caller should then retry
 */
export async function repairCache(
  cache: Cache,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> {
  const folder = folderOf(cache)
  if (await isReadable(folder, commit, signal)) return false
  const repair = async () => {
    // Another job may have repaired the cache while this one waited for the lock.
    if (!(await isReadable(folder, commit, signal))) await fetchAll(cache, commit, signal)
  }
  await locked(cache, repair, signal)
  return true
}

/** Prevents removal of the cache and of this commit until `unpin` is called with the same name. */
export async function pin(cache: Cache, name: string, commit: string): Promise<void> {
  await writeDurably(pinFile(cache.folder, name), `${commit}\n`)
}

/** Removes a pin from the cache in `folder`. Does nothing if the pin or the folder is missing. */
export async function unpin(folder: string, name: string): Promise<void> {
  await rm(pinFile(folder, name), { force: true })
}

const pinFile = (folder: string, name: string): string => join(folder, 'refs', 'jobs', name)

function choose(
  { tips, head }: RemoteRefs,
  from: readonly string[],
): { readonly object: string; readonly branch: string | null } | undefined {
  const name = from.find((candidate) => tips.has(candidate) || isObjectId(candidate))
  if (name === undefined) return undefined
  const object = tips.get(name)
  if (object === undefined) return { object: name, branch: null }
  return { object, branch: name === 'HEAD' ? head : branchOf(name) }
}

const locked = <Value>(cache: Cache, run: () => Promise<Value>, signal: AbortSignal) =>
  withLock(`${cache.folder}.lock`, run, signal)

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const folderOf = ({ settings, folder }: Cache) => ({ settings, gitDir: folder })

const isMade = ({ folder }: Cache): Promise<boolean> => exists(join(folder, 'HEAD'))

async function objectOf(
  cache: Cache,
  object: string,
  signal: AbortSignal,
): Promise<GitObject | null> {
  return (await isMade(cache)) ? await objectIn(folderOf(cache), object, signal) : null
}

/** Fetches an object. Creates the cache if it is missing, and repairs it if it is damaged. */
async function fetchObject(
  cache: Cache,
  object: string,
  signal: AbortSignal,
): Promise<GitObject | null> {
  if (!(await isMade(cache))) return await fetchAll(cache, object, signal)
  const present = await objectOf(cache, object, signal)
  if (present !== null) return present
  const failure = await fetchInto(remoteOf(cache), { object, depth: cache.depth }, signal)
  if (failure instanceof StepFailed && failure.reason !== 'workspace-failed') throw failure
  if (failure === null) {
    await joinPacks(folderOf(cache), signal)
    const fetched = await objectOf(cache, object, signal)
    if (fetched !== null) return fetched
  }
  if (!(await isWhole(folderOf(cache), signal))) return await fetchAll(cache, object, signal)
  if (failure !== null) throw failure
  return null
}

const remoteOf = ({ settings, address, folder }: Cache, gitDir = folder): Remote => ({
  settings,
  address,
  gitDir,
})

/**
 * Fetches the repository into a temporary folder, so that no job uses a partial cache, and then
 * moves the folder to the cache's path. If a damaged cache exists at that path, repairs it in place
 * instead, because running jobs read from it.
 */
async function fetchAll(
  cache: Cache,
  object: string,
  signal: AbortSignal,
): Promise<GitObject | null> {
  await removeLeftovers(cache)
  const fresh = `${cache.folder}.${randomUUID()}.new`
  const objectFormat = formatOf(object)
  await makeRepository(fresh, { bare: true, branch: 'none', objectFormat })
  const failure = await fetchInto(remoteOf(cache, fresh), { object, depth: cache.depth }, signal)
  if (failure !== null) throw failure
  await cache.settings.probe('cache-fetched')
  if (await exists(cache.folder)) await repairFrom(cache.folder, fresh, objectFormat)
  else await rename(fresh, cache.folder)
  return await objectOf(cache, object, signal)
}

/** Removes this cache's temporary folders, which a failed fetch or removal left behind. */
async function removeLeftovers(cache: Cache): Promise<void> {
  const folder = dirname(cache.folder)
  const leftover = (name: string) =>
    name.startsWith(`${basename(cache.folder)}.`) && /\.(?:new|old)$/.test(name)
  for (const name of (await readdir(folder)).filter(leftover)) {
    await rm(join(folder, name), { recursive: true, force: true })
  }
}
