import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CheckoutOptions } from './checkout-options.ts'
import type { GitSettings } from './git.ts'

/** Something that the submitter should know, although it did not fail the job. */
export type Note = { readonly code: string; readonly text: string }

/** A submodule: the path of its files in the tree, and its git folder, out of the agent's reach. */
const Submodule = z.strictObject({ path: z.string(), gitDir: z.string() })
export type Submodule = z.infer<typeof Submodule>

/** A checkout for one attempt. The agent owns `tree`; the platform's git folder is out of its reach. */
export type Workspace = {
  /** The attempt's folder. */
  readonly folder: string
  readonly tree: string
  readonly gitDir: string
  /** Address to fetch from and push to; null for an archive. */
  readonly repository: string | null
  readonly base: { readonly commit: string; readonly branch: string | null }
  /** Folder of the objects of the base and its history; must be readable in the sandbox. */
  readonly objects: string
  readonly options: CheckoutOptions
  readonly submodules: readonly Submodule[]
  readonly notes: readonly Note[]
  readonly settings: GitSettings
}

/** A workspace of a remote repository, to which it can be published. */
export type RepositoryWorkspace = Workspace & { readonly repository: string }

export const treeOf = (folder: string): string => join(folder, 'tree')
export const gitDirOf = (folder: string): string => join(folder, 'git')

const Saved = z.strictObject({
  repository: z.string().nullable(),
  base: z.strictObject({ commit: z.string(), branch: z.string().nullable() }),
  objects: z.string(),
  options: CheckoutOptions.prefault({}),
  submodules: z.array(Submodule).default([]),
})

/** The file that marks a workspace as ready: written last, removed first. */
export const savedFile = (folder: string): string => join(gitDirOf(folder), 'workspace.json')

/** Marks a workspace as ready. */
export async function saveWorkspace(workspace: Workspace): Promise<void> {
  const { folder, repository, base, objects, options, submodules } = workspace
  const saved = { repository, base, objects, options, submodules: [...submodules] }
  await writeFile(savedFile(folder), JSON.stringify(saved satisfies z.infer<typeof Saved>))
}

/** Finds the workspace that a dead worker left in an attempt's folder; null when it was not ready. */
export async function findWorkspace(
  folder: string,
  settings: GitSettings,
): Promise<Workspace | null> {
  const saved = readSaved(await readFile(savedFile(folder), 'utf8').catch(() => ''))
  if (saved === null) return null
  return {
    ...saved,
    folder,
    tree: treeOf(folder),
    gitDir: gitDirOf(folder),
    notes: [],
    settings,
  }
}

/** Also null for a truncated file: the worker died before anything ran in the workspace. */
function readSaved(text: string): z.infer<typeof Saved> | null {
  try {
    return Saved.parse(JSON.parse(text))
  } catch {
    return null
  }
}
