import { copyFile, mkdir, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { parseAddress } from './address.ts'
import {
  type Base,
  type Cache,
  cacheOf,
  fetchBase,
  fetchCommit,
  pin,
  remakeCache,
} from './cache.ts'
import { git, type GitCall, type GitSettings, localFailure, mustGit } from './git.ts'
import { lastBase, saveLastBase } from './last-base.ts'
import { notesOf } from './notes.ts'
import { removeTree } from './remove.ts'
import { makeRepository } from './repository-folder.ts'
import { gitDirOf, saveWorkspace, treeOf, type Workspace } from './workspace.ts'

/** What is wanted in an attempt's folder. */
export type WorkspaceRequest = {
  /** The attempt's folder; its name also names the pin in the cache. */
  readonly folder: string
  readonly repository: string
  /** null for the remote's HEAD. */
  readonly ref: string | null
  /** Where a follow-up goes on: the published commit, or the patch on top of the ref. */
  readonly continues: { readonly commit: string | null; readonly patchFile: string | null } | null
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
  const { folder, repository, ref, settings } = request
  const cache = cacheOf(parseAddress(repository, settings.allow), settings)
  const guess = request.continues === null ? await lastBase(cache, ref) : null
  // The remote has the last word, but most often it says what it said before.
  const [asked, early] = await Promise.allSettled([
    findBase(cache, request, { known: guess?.commit ?? null, signal }),
    guess === null ? false : checkOutEarly(cache, { folder, commit: guess.commit }, signal),
  ])
  if (asked.status === 'rejected') throw asked.reason
  const base = asked.value
  const begun = early.status === 'fulfilled' && early.value
  if (!begun) await makeFolders(cache, folder)
  await pin(cache, basename(folder), base.commit)
  if (!begun || guess?.commit !== base.commit) {
    await checkOut(cache, { folder, commit: base.commit }, signal)
  }
  const patchFile = request.continues?.commit === base.commit ? null : request.continues?.patchFile
  if (typeof patchFile === 'string') await applyPatch(request, patchFile, signal)
  const objects = objectsOf(cache)
  const places = { folder, tree: treeOf(folder), gitDir: gitDirOf(folder), objects }
  const bare = { ...places, repository, base, settings }
  const [notes] = await Promise.all([notesOf(bare, signal), makeAgentsRepository(bare)])
  const workspace = { ...bare, notes }
  await saveWorkspace(workspace)
  if (guess?.commit !== base.commit || guess.branch !== base.branch) {
    await saveLastBase(cache, ref, base)
  }
  return workspace
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

const objectsOf = (cache: Cache): string => join(cache.folder, 'objects')

/** Also cleans up after a checkout that did not work. */
async function makeFolders(cache: Cache, folder: string): Promise<void> {
  await Promise.all([removeTree(gitDirOf(folder)), removeTree(treeOf(folder))])
  // Before any pin: who removes the folder finds the cache through it.
  const options = { bare: true, branch: 'base', alternates: objectsOf(cache) }
  await makeRepository(gitDirOf(folder), options)
  await mkdir(treeOf(folder))
}

/** @returns whether there is a checkout now; it may turn out to be of the wrong commit */
async function checkOutEarly(
  cache: Cache,
  checkout: Checkout,
  signal: AbortSignal,
): Promise<boolean> {
  await makeFolders(cache, checkout.folder)
  return (await git(cache.settings, readTree(checkout), signal)).code === 0
}

type Checkout = { readonly folder: string; readonly commit: string }

/** A cache found damaged here is made anew, once. */
async function checkOut(cache: Cache, checkout: Checkout, signal: AbortSignal): Promise<void> {
  const call = readTree(checkout)
  const first = await git(cache.settings, call, signal)
  if (first.code === 0) return
  const failure = localFailure(call, first)
  if (failure.reason !== 'workspace-failed' || first.exceeded !== null) throw failure
  await remakeCache(cache, checkout.commit, signal)
  await pin(cache, basename(checkout.folder), checkout.commit)
  await mustGit(cache.settings, call, signal)
}

const readTree = ({ folder, commit }: Checkout): GitCall => ({
  args: ['read-tree', '--reset', '-u', commit],
  gitDir: gitDirOf(folder),
  workTree: treeOf(folder),
})

async function applyPatch(
  { folder, settings }: WorkspaceRequest,
  patchFile: string,
  signal: AbortSignal,
): Promise<void> {
  // Git has no word for "change nothing", only an error.
  if ((await stat(patchFile)).size === 0) return
  const call = {
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

/**
 * The repository that the agent sees: history through the cache, a clean and quick status. It is
 * the agent's to spoil; the platform never reads it.
 */
async function makeAgentsRepository(workspace: Omit<Workspace, 'notes'>): Promise<void> {
  const { tree, gitDir, base, objects } = workspace
  const folder = join(tree, '.git')
  const branch = base.branch ?? 'work'
  await makeRepository(folder, { bare: false, branch, alternates: objects })
  await writeFile(join(folder, 'config'), USER, { flag: 'a' })
  const ref = join(folder, 'refs', 'heads', branch)
  await mkdir(dirname(ref), { recursive: true })
  await writeFile(ref, `${base.commit}\n`)
  const index = join(gitDir, 'index')
  const { atime, mtime } = await stat(index)
  await copyFile(index, join(folder, 'index'))
  // A newer index would make git trust the times of files written in the same moment.
  await utimes(join(folder, 'index'), atime, mtime)
}

const USER = `[user]
\tname = Millwright
\temail = millwright@localhost
`
