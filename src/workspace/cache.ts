import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { withLock } from '../platform/file-lock.ts'
import { readIfPresent } from '../platform/read-if-present.ts'
import { type Address, checkRef, isCommitId, refCandidates } from './address.ts'
import { isReadable, isWhole, pourInto } from './cache-damage.ts'
import { fetchInto, type GitObject, joinPacks, objectIn } from './cache-fetch.ts'
import type { GitSettings } from './git.ts'
import { branchOf } from './ref-name.ts'
import { askRemote, type Remote, type RemoteRefs } from './remote.ts'
import { makeRepository } from './repository-folder.ts'

/** A repository's bare cache on this worker, shared by all jobs of that address. */
export type Cache = {
  readonly folder: string
  readonly address: Address
  readonly settings: GitSettings
  /** Commits of history that it holds of each tip; null for all. */
  readonly depth: number | null
}

/** A cache of few commits is one of its own, so that it spoils the whole one for nobody. */
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
 * The commits behind which a cache holds nothing, as git writes them; empty when it holds all.
 * Once read it stays true: nothing is taken out of a cache that is pinned.
 */
export async function shallowOf(cache: Pick<Cache, 'folder'>): Promise<string> {
  return (await readIfPresent(join(cache.folder, 'shallow'))) ?? ''
}

/** What a ref stands for on the remote at this moment. */
export type Base = {
  readonly commit: string
  /** The branch it was asked by, or the remote's default branch; null for a tag or commit. */
  readonly branch: string | null
}

/**
 * Asks the remote what a ref is, and fetches only when the cache lacks that commit. Throws
 * StepFailed: `ref-not-found`, or whatever kept the remote from answering.
 * @param wanted.ref null for the remote's HEAD
 * @param wanted.known a commit that the cache is known to have
 */
export async function fetchBase(
  cache: Cache,
  wanted: { readonly ref: string | null; readonly known: string | null },
  signal: AbortSignal,
): Promise<Base> {
  const { settings, address, folder } = cache
  const { ref, known } = wanted
  await mkdir(settings.cacheFolder, { recursive: true, mode: 0o700 })
  const names = ref === null || ref === 'HEAD' ? ['HEAD'] : refCandidates(checkRef(ref))
  const refs = await askRemote({ settings, address, gitDir: folder }, names, signal)
  const target = choose(refs, ref, names)
  if (target === undefined) {
    const thing = ref === null ? 'a default branch; the repository may be empty' : ref
    throw new StepFailed(
      'ref-not-found',
      `${address.url} has no ${thing}. Name a branch, a tag or a full commit id`,
    )
  }
  const { object, branch } = target
  return { commit: object === known ? known : await fetchCommit(cache, object, signal), branch }
}

/**
 * Brings a commit into the cache, with all branches and tags around it.
 * @param object a commit, or a tag of one. Throws StepFailed `ref-not-found` when it is neither.
 * @returns the commit
 */
export async function fetchCommit(
  cache: Cache,
  object: string,
  signal: AbortSignal,
): Promise<string> {
  const found =
    (await objectOf(cache, object, signal)) ??
    (await locked(cache, () => bring(cache, object, signal), signal))
  if (found?.type === 'commit') return found.id
  const { url } = cache.address
  const what =
    found === null
      ? `has no commit ${object}`
      : `has a ${found.type} there, and no commit: ${object}`
  throw new StepFailed('ref-not-found', `${url} ${what}`)
}

/**
 * Fetches a commit's files anew when the cache cannot read them.
 * @returns whether it was so, and reading them may work now
 */
export async function mendCache(
  cache: Cache,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> {
  const folder = folderOf(cache)
  if (await isReadable(folder, commit, signal)) return false
  const repair = async () => {
    // Another job may have done so in the meantime.
    if (!(await isReadable(folder, commit, signal))) await make(cache, commit, signal)
  }
  await locked(cache, repair, signal)
  return true
}

/** Keeps the cache, whole, for as long as an attempt works on a commit of it. */
export async function pin(cache: Cache, name: string, commit: string): Promise<void> {
  await writeDurably(pinFile(cache.folder, name), `${commit}\n`)
}

/** @param folder of the cache; it may be gone */
export async function unpin(folder: string, name: string): Promise<void> {
  await rm(pinFile(folder, name), { force: true })
}

const pinFile = (folder: string, name: string): string => join(folder, 'refs', 'jobs', name)

function choose(
  refs: RemoteRefs,
  ref: string | null,
  names: readonly string[],
): { object: string; branch: string | null } | undefined {
  const name = names.find((candidate) => refs.tips.has(candidate))
  const object = name === undefined ? undefined : refs.tips.get(name)
  if (name === undefined || object === undefined) {
    return ref !== null && isCommitId(ref) ? { object: ref, branch: null } : undefined
  }
  if (name === 'HEAD') return { object, branch: refs.head }
  return { object, branch: branchOf(name) }
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

/** Fetches an object, all of the repository when there is no cache or it turns out damaged. */
async function bring(cache: Cache, object: string, signal: AbortSignal): Promise<GitObject | null> {
  if (!(await isMade(cache))) return await make(cache, object, signal)
  const present = await objectOf(cache, object, signal)
  if (present !== null) return present
  const failure = await fetchInto(remoteOf(cache), { object, depth: cache.depth }, signal)
  if (failure instanceof StepFailed && failure.reason !== 'workspace-failed') throw failure
  if (failure === null) {
    await joinPacks(folderOf(cache), signal)
    const fetched = await objectOf(cache, object, signal)
    if (fetched !== null) return fetched
  }
  if (!(await isWhole(folderOf(cache), signal))) return await make(cache, object, signal)
  if (failure !== null) throw failure
  return null
}

const remoteOf = ({ settings, address, folder }: Cache, gitDir = folder): Remote => ({
  settings,
  address,
  gitDir,
})

/**
 * Fetches everything into a folder beside, so that a half-made cache is never used. Where there is
 * a damaged one it is repaired with that, and never moved: running jobs read in it.
 */
async function make(cache: Cache, object: string, signal: AbortSignal): Promise<GitObject | null> {
  await removeLeftovers(cache)
  const beside = `${cache.folder}.${randomUUID()}.new`
  await makeRepository(beside, { bare: true, branch: 'none' })
  const failure = await fetchInto(remoteOf(cache, beside), { object, depth: cache.depth }, signal)
  if (failure !== null) throw failure
  await cache.settings.probe('cache-fetched')
  if (await exists(cache.folder)) await pourInto(cache.folder, beside)
  else await rename(beside, cache.folder)
  return await objectOf(cache, object, signal)
}

/** What a worker left beside the cache that died in the middle of something. */
async function removeLeftovers(cache: Cache): Promise<void> {
  const folder = dirname(cache.folder)
  const leftover = (name: string) =>
    name.startsWith(`${basename(cache.folder)}.`) && /\.(?:new|old)$/.test(name)
  for (const name of (await readdir(folder)).filter(leftover)) {
    await rm(join(folder, name), { recursive: true, force: true })
  }
}
