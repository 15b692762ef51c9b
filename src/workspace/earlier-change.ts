// Restores a change that an earlier attempt or job kept: fetches its artifacts, applies the patch,
// and compares the result with the record.
import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { nameSome } from '../domain/name-some.ts'
import { StepFailed } from '../domain/stop.ts'
import { type ChangeRecord, lfsIdOf, PATCH } from './change-artifacts.ts'
import type { CheckoutOptions } from './checkout-options.ts'
import { git, type GitSettings, mustGit } from './git.ts'
import { lfsIdsIn } from './lfs-changes.ts'
import { addLfsObject, LFS_PATCH } from './lfs.ts'
import { baseOf } from './patch-base.ts'
import { gitDirOf, treeOf } from './workspace.ts'

/** A change stored as artifacts. */
export type KeptChange = {
  /**
   * The change's record or, if there is none, the names of all artifacts of the earlier job,
   * whether or not the change's artifacts are among them.
   */
  readonly from: ChangeRecord | readonly string[]
  /** Downloads the artifact with this name into a file. */
  readonly fetch: (name: string, file: string) => Promise<void>
}

/** The record of a kept change; null if the change has none. */
export const recordOf = ({ from }: KeptChange): ChangeRecord | null =>
  'tree' in from ? from : null

/** Where a kept change is applied. */
export type ChangeTarget = {
  /** The attempt's folder. */
  readonly folder: string
  readonly checkout: Pick<CheckoutOptions, 'lfs'>
  readonly settings: GitSettings
}

/** A kept change, downloaded to files. */
export type FetchedChange = {
  readonly patchFile: string
  /**
   * Paths of the Git LFS objects that the patch points to. Objects that are not among the artifacts
   * are left out.
   */
  readonly lfsFiles: readonly string[]
  readonly record: ChangeRecord | null
  /** Id of the commit that the change was made on; null if neither record nor patch names it. */
  readonly base: string | null
}

/**
 * Downloads a kept change into the attempt's folder, with the Git LFS objects that its patch needs.
 * @returns the files, or null if there is no patch. Throws the errors of `kept.fetch`.
 */
export async function fetchChange(
  { folder, checkout }: ChangeTarget,
  kept: KeptChange,
): Promise<FetchedChange | null> {
  const record = recordOf(kept)
  const names = 'tree' in kept.from ? kept.from.artifacts : kept.from
  if (!names.includes(PATCH)) return null
  const fetch = async (name: string): Promise<string> => {
    const file = join(folder, `earlier-${name}`)
    await kept.fetch(name, file)
    return file
  }
  const patchFile = await fetch(PATCH)
  const contents = checkout.lfs ? names.filter((name) => lfsIdOf(name) !== null) : []
  // The artifacts may include LFS objects of other attempts. Do not download those.
  const ids: ReadonlySet<string | null> =
    contents.length === 0 ? new Set() : await lfsIdsIn(patchFile)
  const lfsFiles: string[] = []
  for (const name of contents) if (ids.has(lfsIdOf(name))) lfsFiles.push(await fetch(name))
  return { patchFile, lfsFiles, record, base: record?.base ?? (await baseOf(patchFile)) }
}

/**
 * Applies a fetched change to the checkout of the commit `onto`. If the change was made on another
 * commit, merges it (a three-way merge, for which git needs the files of the change's base). Throws
 * StepFailed `change-conflicts` if the change does not apply, and `workspace-failed` if the result
 * is not the recorded tree.
 */
export async function applyChange(
  { folder, checkout, settings }: ChangeTarget,
  { patchFile, lfsFiles, record, base }: FetchedChange,
  onto: string,
  signal: AbortSignal,
): Promise<void> {
  // `git apply` rejects an empty patch.
  if ((await stat(patchFile)).size === 0) return
  const [gitDir, workTree] = [gitDirOf(folder), treeOf(folder)]
  for (const file of lfsFiles) await addLfsObject(gitDir, file, signal)
  await trustTimestamps(gitDir)
  const merge = base === onto ? [] : ['--3way']
  const args = ['apply', '--index', ...merge, '--binary', '--whitespace=nowarn', '--', patchFile]
  const call = { ...(checkout.lfs ? LFS_PATCH : {}), args, gitDir, workTree }
  const end = await git(settings, call, signal)
  if (end.code !== 0) throw conflict(base, onto, end.stderr)
  if (record === null) return
  const tree = await mustGit(settings, { args: ['write-tree'], gitDir, workTree }, signal)
  if (tree.toString('latin1').trim() === record.tree) return
  throw new StepFailed(
    'workspace-failed',
    'applying the earlier change gave a tree that differs from the recorded one',
  )
}

/** @param output git's error output, which lists each conflicting file as `U <path>` */
function conflict(base: string | null, onto: string, output: string): StepFailed {
  const made = base === null ? '' : `, which was made on commit ${base},`
  const files = Array.from(output.matchAll(/^U (.+)$/gm), ([, path = '']) => path)
  const where =
    files.length === 0
      ? `Git said: ${output.trim().slice(-2000)}`
      : `Conflicting files: ${nameSome(files, 10)}`
  return new StepFailed(
    'change-conflicts',
    `the earlier job’s change${made} conflicts with commit ${onto}, from which this job starts. ${where}`,
  )
}

/**
 * Makes git treat every file whose timestamp matches the index as unchanged, because the agent has
 * not started and no file has changed yet. Git would otherwise compare the contents of files that
 * were written in the same timestamp interval as the index ("racy git"). It would then refuse to
 * patch a file that it would store differently from the commit, for example with other line
 * endings.
 */
async function trustTimestamps(gitDir: string): Promise<void> {
  const index = join(gitDir, 'index')
  const { mtimeMs } = await stat(index)
  const later = new Date(mtimeMs + 10_000)
  await utimes(index, later, later)
}
