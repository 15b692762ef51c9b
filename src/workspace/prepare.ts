import { stat } from 'node:fs/promises'
import { StepFailed } from '../domain/stop.ts'
import { allEnded } from '../platform/all-ended.ts'
import { parseAddress } from './address.ts'
import { makeAgentsRepository } from './agents-repository.ts'
import { type Base, type Cache, cacheOf, fetchBase, fetchCommit, objectsOf, pin } from './cache.ts'
import {
  checkOut,
  checkOutEarly,
  checkSparse,
  copyShallow,
  makeFolders,
  type Place,
  placeOf,
} from './checkout.ts'
import { noteUse } from './collect-caches.ts'
import type { CheckoutOptions } from './checkout-options.ts'
import { git, type GitSettings } from './git.ts'
import { lastBase, saveLastBase } from './last-base.ts'
import { addLfsObject, fetchLfs, LFS_PATCH } from './lfs.ts'
import { notesOf } from './notes.ts'
import { checkOutSubmodules } from './submodules.ts'
import { gitDirOf, saveWorkspace, treeOf, type Workspace } from './workspace.ts'

/** What is wanted in an attempt's folder. */
export type WorkspaceRequest = {
  /** The attempt's folder; its name also names the pin in the cache. */
  readonly folder: string
  readonly repository: string
  /** null for the remote's HEAD. */
  readonly ref: string | null
  readonly checkout: CheckoutOptions
  /** Where a follow-up goes on: the published commit, or the patch on top of the ref. */
  readonly continues: {
    readonly commit: string | null
    readonly patchFile: string | null
    /** What the patch points to in Git LFS; they are moved away. */
    readonly lfsFiles: readonly string[]
  } | null
  readonly settings: GitSettings
}

/**
 * Checks a commit out for an agent. Throws StepFailed for everything that can be wrong with the
 * address, the login, the ref or the disk.
 */
export async function prepareWorkspace(
  request: WorkspaceRequest,
  signal: AbortSignal,
): Promise<Workspace> {
  const { folder, repository, settings, checkout: options } = request
  const cache = cacheOf(parseAddress(repository, settings.allow), settings, options.depth)
  const { base, place } = await checkOutBase(cache, request, signal)
  await checkSparse(cache, { folder, commit: base.commit, options }, signal)
  await applyPatch(request, base, signal)
  const { submodules, notes } = await checkOutSubmodules({ place, cache, options }, signal)
  const { gitDir, tree } = place
  const facts = { objects: objectsOf(cache), repository, base, options, submodules, settings }
  const bare = { folder, tree, gitDir, ...facts }
  const [lacks] = await allEnded([notesOf(bare, signal), makeAgentsRepository(bare)])
  const workspace = { ...bare, notes: [...notes, ...lacks] }
  await saveWorkspace(workspace)
  return workspace
}

/** Asks the remote what the ref is, and checks that commit out. */
async function checkOutBase(
  cache: Cache,
  request: WorkspaceRequest,
  signal: AbortSignal,
): Promise<{ readonly base: Base; readonly place: Place }> {
  const { folder, ref, checkout: options } = request
  await noteUse(cache.folder)
  // With LFS the files are complete only after the remote has been asked for their contents.
  const mayGuess = request.continues === null && !options.lfs
  const guess = mayGuess ? await lastBase(cache, ref) : null
  // The remote has the last word, but most often it says what it said before.
  const [asked, early] = await Promise.allSettled([
    findBase(cache, request, { known: guess?.commit ?? null, signal }),
    guess === null
      ? false
      : checkOutEarly(cache, { folder, commit: guess.commit, options }, signal),
  ])
  if (asked.status === 'rejected') throw asked.reason
  const base = asked.value
  await request.settings.probe('base-fetched')
  const checkout = { folder, commit: base.commit, options }
  const begun = early.status === 'fulfilled' && early.value
  if (!begun) await makeFolders(cache, checkout)
  const place = placeOf(checkout)
  await pin(cache, place.pin, base.commit)
  await copyShallow(cache, place)
  if (options.lfs) await fetchLfs(cache, place, signal)
  if (!begun || guess?.commit !== base.commit) {
    await checkOut(cache, { ...place, lfs: options.lfs }, signal)
  }
  if (guess?.commit !== base.commit || guess.branch !== base.branch) {
    await saveLastBase(cache, ref, base)
  }
  return { base, place }
}

async function findBase(
  cache: Cache,
  { ref, continues }: WorkspaceRequest,
  { known, signal }: { readonly known: string | null; readonly signal: AbortSignal },
): Promise<Base> {
  const base = await fetchBase(cache, { ref, known }, signal)
  const commit = continues?.commit ?? null
  if (commit === null) return base
  return { commit: await fetchCommit(cache, commit, signal), branch: base.branch }
}

/** The patch of the job that this one continues, unless its commit is here. */
async function applyPatch(
  { folder, settings, continues, checkout }: WorkspaceRequest,
  base: Base,
  signal: AbortSignal,
): Promise<void> {
  const patchFile = continues?.patchFile ?? null
  if (patchFile === null || continues?.commit === base.commit) return
  // Git has no word for "change nothing", only an error.
  if ((await stat(patchFile)).size === 0) return
  for (const file of continues?.lfsFiles ?? []) await addLfsObject(gitDirOf(folder), file)
  const call = {
    ...(checkout.lfs ? LFS_PATCH : {}),
    args: ['apply', '--index', '--binary', '--whitespace=nowarn', '--', patchFile],
    gitDir: gitDirOf(folder),
    workTree: treeOf(folder),
  }
  const end = await git(settings, call, signal)
  if (end.code === 0) return
  const words = end.stderr.trim().slice(-2000)
  throw new StepFailed(
    'workspace-failed',
    `the earlier job’s patch does not fit the ref any more; name the ref it was made on: ${words}`,
  )
}
