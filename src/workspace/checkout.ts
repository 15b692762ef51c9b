import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { removeTree } from '../platform/remove-tree.ts'
import { type Cache, objectsOf, repairCache, shallowOf } from './cache.ts'
import type { CheckoutOptions } from './checkout-options.ts'
import { git, type GitCall, localFailure, mustGit } from './git.ts'
import { lfsCheckout, lfsFilter } from './lfs.ts'
import { formatOf } from './object-format.ts'
import { makeRepository } from './repository-folder.ts'
import { gitDirOf, treeOf } from './workspace.ts'
import { type Worktree, worktreeOf } from './worktree.ts'

/** A commit to check out into an attempt's folder. */
type Checkout = {
  readonly folder: string
  readonly commit: string
  readonly options: CheckoutOptions
}

/**
 * Creates the attempt's work tree and git directory. Replaces those that a failed checkout left.
 */
export async function makeFolders(
  cache: Cache,
  { folder, commit, options }: Checkout,
): Promise<void> {
  await Promise.all([removeTree(gitDirOf(folder)), removeTree(treeOf(folder))])
  // `makeRepository` writes the alternates file, from which `removeWorkspace` finds the pin. The
  // file must therefore exist before the caller pins the cache.
  await makeRepository(gitDirOf(folder), {
    bare: true,
    branch: 'base',
    objectFormat: formatOf(commit),
    alternates: objectsOf(cache),
    sparse: options.sparse,
    config: options.lfs ? lfsFilter(gitDirOf(folder)) : '',
  })
  await mkdir(treeOf(folder))
}

/**
 * Checks out a commit that is likely to be the base, before the base is known.
 * @returns whether the checkout succeeded
 */
export async function checkOutEarly(
  cache: Cache,
  checkout: Checkout,
  signal: AbortSignal,
): Promise<boolean> {
  await makeFolders(cache, checkout)
  const call = readTree(worktreeOf(checkout.folder, checkout.commit))
  return (await git(cache.settings, call, signal)).code === 0
}

/**
 * Checks out a commit into existing folders. If the cache is damaged, repairs it and retries once.
 */
export async function checkOut(
  cache: Cache,
  { lfs = false, ...worktree }: Worktree & { readonly lfs?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const call = { ...readTree(worktree), ...(lfs ? lfsCheckout(cache) : {}) }
  const first = await git(cache.settings, call, signal)
  if (first.code === 0) return
  const failure = localFailure(call, first)
  if (failure.reason !== 'workspace-failed' || first.exceeded !== null) throw failure
  if (!(await repairCache(cache, worktree.commit, signal))) throw failure
  await mustGit(cache.settings, call, signal)
}

/** The git call that sets the index to a commit and writes the commit's files to the work tree. */
export const readTree = ({ gitDir, tree, commit }: Omit<Worktree, 'pin'>): GitCall => ({
  args: ['read-tree', '--reset', '-u', commit],
  gitDir,
  workTree: tree,
})

/** Copies the cache's `shallow` file to the attempt's git directory. Call this after fetching. */
export async function copyShallow(cache: Cache, { gitDir }: Worktree): Promise<void> {
  const shallow = await shallowOf(cache)
  if (shallow !== '') await writeFile(join(gitDir, 'shallow'), shallow)
}

/**
 * Throws StepFailed `sparse-not-found` if the commit lacks one of the sparse folders. Git itself
 * would accept a misspelled name and check out nothing for it.
 */
export async function checkSparse(
  cache: Cache,
  { commit, options }: Checkout,
  signal: AbortSignal,
): Promise<void> {
  if (options.sparse.length === 0) return
  const call = {
    args: ['cat-file', '--batch-check=%(objecttype)'],
    gitDir: cache.folder,
    stdin: options.sparse.map((path) => `${commit}:${path}\n`).join(''),
  }
  const answers = (await mustGit(cache.settings, call, signal)).toString('utf8').split('\n')
  const absent = options.sparse.filter((_, index) => answers[index] !== 'tree')
  if (absent.length === 0) return
  throw new StepFailed(
    'sparse-not-found',
    `${cache.address.url} has no folder ${absent.slice(0, 5).join(', ')} at commit ${commit}; correct --sparse (checkout.sparse)`,
  )
}
