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
import { git, type GitSettings, localFailure, mustGit } from './git.ts'
import { notesOf } from './notes.ts'
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
  const { folder, repository, settings } = request
  const cache = cacheOf(parseAddress(repository, settings.allow), settings)
  const base = await findBase(cache, request, signal)
  const gitDir = gitDirOf(folder)
  const objects = join(cache.folder, 'objects')
  // Before the pin: who removes the folder finds the cache through it.
  await makeRepository(gitDir, { bare: true, branch: 'base', alternates: objects })
  await pin(cache, basename(folder), base.commit)
  await mkdir(treeOf(folder))
  await checkOut(cache, { folder, commit: base.commit }, signal)
  const patchFile = request.continues?.commit === base.commit ? null : request.continues?.patchFile
  if (typeof patchFile === 'string') await applyPatch(request, patchFile, signal)
  const bare = { folder, tree: treeOf(folder), gitDir, repository, base, objects, settings }
  const [notes] = await Promise.all([notesOf(bare, signal), makeAgentsRepository(bare)])
  const workspace = { ...bare, notes }
  await saveWorkspace(workspace)
  return workspace
}

async function findBase(
  cache: Cache,
  request: WorkspaceRequest,
  signal: AbortSignal,
): Promise<Base> {
  const base = await fetchBase(cache, request.ref, signal)
  const commit = request.continues?.commit ?? null
  if (commit === null) return base
  return { commit: await fetchCommit(cache, commit, signal), branch: base.branch }
}

type Checkout = { readonly folder: string; readonly commit: string }

/** A cache found damaged here is made anew, once. */
async function checkOut(cache: Cache, checkout: Checkout, signal: AbortSignal): Promise<void> {
  const call = {
    args: ['read-tree', '--reset', '-u', checkout.commit],
    gitDir: gitDirOf(checkout.folder),
    workTree: treeOf(checkout.folder),
  }
  const first = await git(cache.settings, call, signal)
  if (first.code === 0) return
  const failure = localFailure(call, first)
  if (failure.reason !== 'workspace-failed' || first.exceeded !== null) throw failure
  await remakeCache(cache, checkout.commit, signal)
  await pin(cache, basename(checkout.folder), checkout.commit)
  await mustGit(cache.settings, call, signal)
}

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
