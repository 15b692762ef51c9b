import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { type Address, parseAddress } from './address.ts'
import { type Cache, cacheOf, fetchCommit, objectsOf, pin } from './cache.ts'
import { checkOut } from './checkout.ts'
import type { CheckoutOptions } from './checkout-options.ts'
import { isFolderIn } from './folder-in.ts'
import { git, mustGit } from './git.ts'
import { formatOf } from './object-format.ts'
import { splitNul } from './paths.ts'
import { askRemote } from './remote.ts'
import { makeRepository } from './repository-folder.ts'
import { submoduleAddress } from './submodule-address.ts'
import type { Note, Submodule } from './workspace.ts'
import type { Worktree } from './worktree.ts'

/** A checkout that may have submodules. */
type Parent = {
  readonly worktree: Worktree
  readonly cache: Cache
  /** The checkout's path in the job's work tree; empty for the job's own repository. */
  readonly path: string
  /** Number of repositories that contain this one; 0 for the job's own repository. */
  readonly nesting: number
}

/** Maximum number of submodules that one job may check out, including nested ones. */
const SUBMODULES_MAX = 256
const NESTING_MAX = 8

type Root = {
  readonly worktree: Worktree
  readonly cache: Cache
  readonly options: Pick<CheckoutOptions, 'submodules'>
}

/**
 * Checks out all submodules as plain files, if the options request submodules. The agent cannot
 * access their git directories. A submodule's URL must be one that this worker allows for jobs; a
 * local path is allowed only if the parent repository is also local. Throws StepFailed
 * `submodule-refused`, or the failure to fetch a submodule.
 */
export async function checkOutSubmodules(
  { options, ...root }: Root,
  signal: AbortSignal,
): Promise<{ readonly submodules: readonly Submodule[]; readonly notes: readonly Note[] }> {
  const submodules: Submodule[] = []
  const notes: Note[] = []
  if (options.submodules === 'none') return { submodules, notes }
  const visit = async (parent: Parent): Promise<void> => {
    const [links, addresses] = [await linksIn(parent, signal), await addressesIn(parent, signal)]
    if (submodules.length + links.length > SUBMODULES_MAX) {
      throw refused(parent.path, `the repository has more than ${SUBMODULES_MAX} submodules`)
    }
    if (links.length > 0 && parent.nesting === NESTING_MAX) {
      throw refused(parent.path, `submodules are nested more than ${NESTING_MAX} levels deep`)
    }
    for (const { path, commit } of links) {
      const url = addresses.get(path)
      const shown = parent.path === '' ? path : `${parent.path}/${path}`
      if (url === undefined) {
        const text = `${JSON.stringify(shown)} is a submodule without a URL in .gitmodules; its folder stays empty`
        notes.push({ code: 'submodule-unknown', text })
        continue
      }
      const worktree = worktreeFor(root.worktree, { parent, path, number: submodules.length })
      submodules.push({ path: shown, gitDir: worktree.gitDir })
      const wanted = { parent, path, worktree, url, commit }
      const cache = await checkOutOne(wanted, signal).catch((error: unknown) => {
        if (!(error instanceof StepFailed)) throw error
        throw new StepFailed(error.reason, `submodule ${shown}: ${error.detail}`, { cause: error })
      })
      const inner = { ...worktree, commit }
      await visit({ worktree: inner, cache, path: shown, nesting: parent.nesting + 1 })
    }
  }
  await visit({ ...root, path: '', nesting: 0 })
  return { submodules, notes }
}

const refused = (path: string, why: string): StepFailed =>
  new StepFailed('submodule-refused', path === '' ? why : `submodule ${path}: ${why}`)

/** Paths and commits of the submodules, except those that the sparse checkout left out. */
async function linksIn(
  { worktree: { gitDir, tree }, cache }: Parent,
  signal: AbortSignal,
): Promise<{ path: string; commit: string }[]> {
  const call = { args: ['ls-files', '-z', '-s', '-t'], gitDir, workTree: tree }
  const links: { path: string; commit: string }[] = []
  for (const entry of splitNul(await mustGit(cache.settings, call, signal))) {
    const [, commit, path] = /^H 160000 ([0-9a-f]+) 0\t(.+)$/su.exec(entry.toString('utf8')) ?? []
    if (commit !== undefined && path !== undefined) links.push({ path, commit })
  }
  return links
}

/** Submodule URLs by path. Reads .gitmodules from the commit, never from the work tree. */
async function addressesIn(
  { worktree, cache }: Parent,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const blob = `${worktree.commit}:.gitmodules`
  const args = ['config', '-z', '--no-includes', '--blob', blob, '--list']
  const end = await git(cache.settings, { args, gitDir: worktree.gitDir }, signal)
  if (end.code !== 0) return new Map()
  const facts = new Map<string, { path?: string; url?: string }>()
  for (const entry of splitNul(end.stdout)) {
    const [, name, key, value] =
      /^submodule\.(.+)\.(path|url)\n(.*)$/su.exec(entry.toString('utf8')) ?? []
    if (name === undefined || key === undefined) continue
    facts.set(name, { ...facts.get(name), [key]: value })
  }
  return new Map(
    [...facts.values()].flatMap(({ path, url }) =>
      path === undefined || url === undefined ? [] : [[path, url] as const],
    ),
  )
}

function worktreeFor(
  root: Worktree,
  {
    parent,
    path,
    number,
  }: { readonly parent: Parent; readonly path: string; readonly number: number },
): Omit<Worktree, 'commit'> {
  return {
    gitDir: join(root.gitDir, 'modules', String(number)),
    tree: join(parent.worktree.tree, path),
    pin: `${root.pin}.${number}`,
  }
}

type Wanted = {
  readonly parent: Parent
  readonly path: string
  readonly worktree: Omit<Worktree, 'commit'>
  readonly url: string
  readonly commit: string
}

async function checkOutOne(
  { parent, path, worktree, url, commit }: Wanted,
  signal: AbortSignal,
): Promise<Cache> {
  const address = addressFor(url, parent.cache)
  const cache = cacheOf(address, parent.cache.settings, parent.cache.depth)
  await mkdir(cache.settings.cacheFolder, { recursive: true, mode: 0o700 })
  // Contact the remote even if the cache has the commit. This checks that the worker's credential
  // still allows reading the repository.
  await askRemote({ settings: cache.settings, address, gitDir: cache.folder }, ['HEAD'], signal)
  await fetchCommit(cache, commit, signal)
  const alternates = objectsOf(cache)
  const objectFormat = formatOf(commit)
  await makeRepository(worktree.gitDir, { bare: true, branch: 'base', objectFormat, alternates })
  await pin(cache, worktree.pin, commit)
  if (!(await isFolderIn(parent.worktree.tree, path))) {
    throw new StepFailed('submodule-refused', 'its path in the tree is not a folder')
  }
  await checkOut(cache, { ...worktree, commit }, signal)
  return cache
}

function addressFor(url: string, { address: of, settings }: Cache): Address {
  const allow = { ...settings.allow, file: settings.allow.file && of.transport === 'file' }
  return parseAddress(submoduleAddress(url, of.url), allow)
}
