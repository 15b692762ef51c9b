import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { removeTree } from '../platform/remove-tree.ts'
import { makeAgentsRepository } from './agents-repository.ts'
import { AS_BYTES } from './archive-attributes.ts'
import { importCommands } from './archive-entries.ts'
import { ARCHIVE_LIMITS, type ArchiveLimits, archiveNames, invalid } from './archive-names.ts'
import { CheckoutOptions } from './checkout-options.ts'
import { readTree } from './checkout.ts'
import {
  applyChange,
  type ChangeTarget,
  fetchChange,
  type KeptChange,
  recordOf,
} from './earlier-change.ts'
import { git, type GitSettings, localFailure, mustGit } from './git.ts'
import { makeRepository } from './repository-folder.ts'
import { gitDirOf, type Note, saveWorkspace, treeOf, type Workspace } from './workspace.ts'

/** Options of `prepareArchive`. */
export type ArchiveRequest = {
  /** The attempt's folder. */
  readonly folder: string
  /** A tar archive, gzipped or uncompressed. The file is never changed. */
  readonly archive: { readonly file: string }
  readonly settings: GitSettings
  /** An earlier change to the same archive, to apply to the workspace; null if there is none. */
  readonly continues: KeptChange | null
}

/**
 * Makes a workspace from an archive. The workspace's base is one commit with every file of the
 * archive unchanged, including files that the archive's own .gitignore matches. The usual rules
 * apply to the agent's changes: a new file that .gitignore matches is not part of the change. Empty
 * folders are dropped and reported in a note. Throws StepFailed `archive-invalid` if the archive is
 * damaged or too large, or if an entry would be unsafe on at least one operating system.
 */
export async function prepareArchive(
  { folder, archive, settings, continues }: ArchiveRequest,
  signal: AbortSignal,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<Workspace> {
  await mkdir(settings.cacheFolder, { recursive: true, mode: 0o700 })
  const [gitDir, tree, store] = [gitDirOf(folder), treeOf(folder), join(folder, 'archive')]
  await Promise.all([gitDir, tree, store].map((path) => removeTree(path)))
  const { commit, notes } = await importArchive({ ...archive, store, settings, limits }, signal)
  const objects = join(store, 'objects')
  await makeRepository(gitDir, { ...BARE, alternates: objects, attributes: AS_BYTES })
  await mkdir(tree)
  await checkOutArchive({ settings, gitDir, tree, commit }, signal)
  const target = { folder, settings, checkout: { lfs: false } }
  if (continues !== null) await continueOn(commit, target, continues, signal)
  const base = { commit, branch: null }
  const options = CheckoutOptions.parse({})
  const place = { folder, tree, gitDir, objects, settings }
  const workspace = { ...place, repository: null, base, options, submodules: [], notes }
  await makeAgentsRepository(workspace)
  await saveWorkspace(workspace)
  return workspace
}

const BARE = { bare: true, branch: 'base', objectFormat: 'sha1' } as const

type Import = {
  readonly file: string
  readonly limits: ArchiveLimits
  /** The git directory to create for the archive's commit. The agent may read it. */
  readonly store: string
  readonly settings: GitSettings
}

async function importArchive(
  { file, limits, store: gitDir, settings }: Import,
  signal: AbortSignal,
): Promise<{ readonly commit: string; readonly notes: readonly Note[] }> {
  await makeRepository(gitDir, BARE)
  const names = archiveNames(limits)
  const stdin = importCommands({ file, limits, names }, BARE.branch)
  const args = ['fast-import', '--quiet']
  const config = [['fastimport.unpackLimit', '0']] as const
  await mustGit(settings, { args, gitDir, stdin, config }, signal)
  const parse = { args: ['rev-parse', '--verify', `refs/heads/${BARE.branch}`], gitDir }
  const commit = (await mustGit(settings, parse, signal)).toString('latin1').trim()
  return { commit, notes: notesOn(names.emptyFolders()) }
}

/** Throws StepFailed `archive-invalid` if git rejects a dangerous name, such as `.GIT`. */
async function checkOutArchive(
  { settings, ...place }: Pick<Workspace, 'settings' | 'gitDir' | 'tree'> & { commit: string },
  signal: AbortSignal,
): Promise<void> {
  const call = readTree(place)
  const end = await git(settings, call, signal)
  if (end.code === 0) return
  const [, name] = /invalid path '(.*)'/.exec(end.stderr) ?? []
  throw name === undefined ? localFailure(call, end) : invalid(`git rejects the name "${name}"`)
}

async function continueOn(
  commit: string,
  target: ChangeTarget,
  kept: KeptChange,
  signal: AbortSignal,
): Promise<void> {
  if ((recordOf(kept)?.base ?? commit) !== commit) {
    throw new StepFailed(
      'workspace-failed',
      'the earlier change was made to a different archive; submit the job with that archive',
    )
  }
  const change = await fetchChange(target, kept)
  if (change !== null) await applyChange(target, { ...change, base: commit }, commit, signal)
}

/** Maximum number of empty folders that the note lists by name. */
const NAMES_MAX = 5

function notesOn(empty: readonly string[]): readonly Note[] {
  if (empty.length === 0) return []
  const names = empty.slice(0, NAMES_MAX).map((name) => JSON.stringify(name))
  const more = empty.length > NAMES_MAX ? ` and ${empty.length - NAMES_MAX} more` : ''
  const text = `Empty folders in the archive were left out: ${names.join(', ')}${more}`
  return [{ code: 'empty-folders', text }]
}
