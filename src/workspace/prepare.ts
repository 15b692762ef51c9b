import { StepFailed } from '../domain/stop.ts'
import { allEnded } from '../platform/all-ended.ts'
import { parseAddress } from './address.ts'
import { makeAgentsRepository } from './agents-repository.ts'
import {
  type Base,
  type Cache,
  cacheOf,
  fetchBase,
  fetchCommit,
  objectsOf,
  pin,
  type Start,
} from './cache.ts'
import { checkOut, checkOutEarly, checkSparse, copyShallow, makeFolders } from './checkout.ts'
import { noteUse } from './collect-caches.ts'
import type { CheckoutOptions } from './checkout-options.ts'
import { applyChange, type FetchedChange } from './earlier-change.ts'
import type { GitSettings } from './git.ts'
import { lastBase, saveLastBase } from './last-base.ts'
import { fetchLfs } from './lfs.ts'
import { notesOf } from './notes.ts'
import { checkOutSubmodules } from './submodules.ts'
import { type RepositoryWorkspace, saveWorkspace } from './workspace.ts'
import { type Worktree, worktreeOf } from './worktree.ts'

/** What to check out, and where. */
export type WorkspaceRequest = {
  /** The attempt's folder. The pin in the cache has the same name as this folder. */
  readonly folder: string
  readonly repository: string
  readonly start: Start
  readonly checkout: CheckoutOptions
  /** An earlier change to continue; null for none. */
  readonly change: FetchedChange | null
  readonly settings: GitSettings
}

/**
 * Makes a workspace for an agent: checks out a commit and applies the earlier change, if there is
 * one. Throws StepFailed for a problem with the URL, the credential, the start, the change or the
 * disk.
 */
export async function prepareWorkspace(
  request: WorkspaceRequest,
  signal: AbortSignal,
): Promise<RepositoryWorkspace> {
  const { folder, repository, settings, checkout: options, change } = request
  const cache = cacheOf(parseAddress(repository, settings.allow), settings, options.depth)
  const { base, worktree } = await checkOutBase(cache, request, signal)
  await checkSparse(cache, { folder, commit: base.commit, options }, signal)
  if (change !== null) {
    await fetchForMerge(cache, change, base, signal)
    await applyChange(request, change, base.commit, signal)
  }
  const { submodules, notes } = await checkOutSubmodules({ worktree, cache, options }, signal)
  const { gitDir, tree } = worktree
  const facts = { objects: objectsOf(cache), repository, base, options, submodules, settings }
  const made = { folder, tree, gitDir, ...facts }
  const [leftOut] = await allEnded([notesOf(made, signal), makeAgentsRepository(made)])
  const workspace = { ...made, notes: [...notes, ...leftOut] }
  await saveWorkspace(workspace)
  return workspace
}

/**
 * Fetches the commit on which a change was made, so that the change can be merged into another
 * base. The remote may no longer have the commit; git then applies the change without a merge.
 */
async function fetchForMerge(
  cache: Cache,
  change: FetchedChange,
  base: Base,
  signal: AbortSignal,
): Promise<void> {
  if (change.base === null || change.base === base.commit) return
  await fetchCommit(cache, change.base, signal).catch((error: unknown) => {
    if (!(error instanceof StepFailed) || error.reason !== 'ref-not-found') throw error
  })
}

/** Resolves the start on the remote and checks out its commit. */
async function checkOutBase(
  cache: Cache,
  request: WorkspaceRequest,
  signal: AbortSignal,
): Promise<{ readonly base: Base; readonly worktree: Worktree }> {
  const { folder, start, checkout: options } = request
  await noteUse(cache.folder)
  // Do not guess with LFS, because its objects are fetched only after the base is known.
  const guess = options.lfs ? null : await lastBase(cache, start.from)
  // Usually the start has not moved since the last checkout, so check out the guessed commit while
  // the remote resolves the ref.
  const [asked, early] = await Promise.allSettled([
    fetchBase(cache, { start, known: guess?.commit ?? null }, signal),
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
  const worktree = worktreeOf(checkout.folder, checkout.commit)
  await pin(cache, worktree.pin, base.commit)
  await copyShallow(cache, worktree)
  if (options.lfs) await fetchLfs(cache, worktree, signal)
  if (!begun || guess?.commit !== base.commit) {
    await checkOut(cache, { ...worktree, lfs: options.lfs }, signal)
  }
  if (guess?.commit !== base.commit || guess.branch !== base.branch) {
    await saveLastBase(cache, start.from, base)
  }
  return { base, worktree }
}
