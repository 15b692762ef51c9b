import { allEnded } from '../platform/all-ended.ts'
import { parseAddress } from './address.ts'
import { makeAgentsRepository } from './agents-repository.ts'
import { type Base, type Cache, cacheOf, fetchBase, fetchCommit, objectsOf, pin } from './cache.ts'
import { checkOut, checkOutEarly, checkSparse, copyShallow, makeFolders } from './checkout.ts'
import { noteUse } from './collect-caches.ts'
import type { CheckoutOptions } from './checkout-options.ts'
import { applyChange, fetchChange, type KeptChange, recordOf } from './earlier-change.ts'
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
  /**
   * The branch, tag or commit to check out; null means the remote's HEAD. Ignored if `continues`
   * has a record, because the record names the base.
   */
  readonly ref: string | null
  readonly checkout: CheckoutOptions
  /** Earlier work to continue: a published commit or a kept change; null for none. */
  readonly continues: { readonly commit: string } | KeptChange | null
  readonly settings: GitSettings
}

/**
 * Makes a workspace for an agent: checks out a commit and applies the kept change, if there is one.
 * Throws StepFailed for a problem with the URL, the credential, the ref, the change or the disk.
 */
export async function prepareWorkspace(
  request: WorkspaceRequest,
  signal: AbortSignal,
): Promise<RepositoryWorkspace> {
  const { folder, repository, settings, checkout: options } = request
  const cache = cacheOf(parseAddress(repository, settings.allow), settings, options.depth)
  const kept = keptBy(request)
  const ref = (kept === null ? null : recordOf(kept)?.base) ?? request.ref
  const [{ base, worktree }, change] = await allEnded([
    checkOutBase(cache, { ...request, ref }, signal),
    kept === null ? null : fetchChange(request, kept),
  ])
  await checkSparse(cache, { folder, commit: base.commit, options }, signal)
  if (change !== null) await applyChange(request, change, signal)
  const { submodules, notes } = await checkOutSubmodules({ worktree, cache, options }, signal)
  const { gitDir, tree } = worktree
  const facts = { objects: objectsOf(cache), repository, base, options, submodules, settings }
  const made = { folder, tree, gitDir, ...facts }
  const [leftOut] = await allEnded([notesOf(made, signal), makeAgentsRepository(made)])
  const workspace = { ...made, notes: [...notes, ...leftOut] }
  await saveWorkspace(workspace)
  return workspace
}

const keptBy = ({ continues }: WorkspaceRequest): KeptChange | null =>
  continues !== null && 'fetch' in continues ? continues : null

/**
 * Resolves the ref on the remote and checks out its commit. If the request continues a published
 * commit, checks out that commit instead.
 */
async function checkOutBase(
  cache: Cache,
  request: WorkspaceRequest,
  signal: AbortSignal,
): Promise<{ readonly base: Base; readonly worktree: Worktree }> {
  const { folder, ref, checkout: options } = request
  await noteUse(cache.folder)
  // Do not guess with LFS, because its objects are fetched only after the base is known.
  const mayGuess = commitOf(request) === null && !options.lfs
  const guess = mayGuess ? await lastBase(cache, ref) : null
  // Usually the ref has not moved since the last checkout, so check out the guessed commit while
  // the remote resolves the ref.
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
  const worktree = worktreeOf(checkout.folder, checkout.commit)
  await pin(cache, worktree.pin, base.commit)
  await copyShallow(cache, worktree)
  if (options.lfs) await fetchLfs(cache, worktree, signal)
  if (!begun || guess?.commit !== base.commit) {
    await checkOut(cache, { ...worktree, lfs: options.lfs }, signal)
  }
  if (guess?.commit !== base.commit || guess.branch !== base.branch) {
    await saveLastBase(cache, ref, base)
  }
  return { base, worktree }
}

const commitOf = ({ continues }: WorkspaceRequest): string | null =>
  continues !== null && 'commit' in continues ? continues.commit : null

async function findBase(
  cache: Cache,
  request: WorkspaceRequest,
  { known, signal }: { readonly known: string | null; readonly signal: AbortSignal },
): Promise<Base> {
  const base = await fetchBase(cache, { ref: request.ref, known }, signal)
  const commit = commitOf(request)
  if (commit === null) return base
  return { commit: await fetchCommit(cache, commit, signal), branch: base.branch }
}
