import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CheckoutOptions } from './checkout-options.ts'
import type { GitSettings } from './git.ts'

/** Something a person should know that did not end the job. */
export type Note = { readonly code: string; readonly text: string }

/** A submodule's files in the tree, and its git folder beside the platform's own. */
const Submodule = z.strictObject({ path: z.string(), gitDir: z.string() })
export type Submodule = z.infer<typeof Submodule>

/** A checkout for one attempt. The agent owns `tree`; the platform's git folder is out of its reach. */
export type Workspace = {
  /** The attempt's folder. */
  readonly folder: string
  readonly tree: string
  readonly gitDir: string
  /** Where it came from and can be pushed; null for an archive. */
  readonly repository: string | null
  readonly base: { readonly commit: string; readonly branch: string | null }
  /** Must be readable in the sandbox: the objects of the base and of all before it. */
  readonly objects: string
  readonly options: CheckoutOptions
  readonly submodules: readonly Submodule[]
  readonly notes: readonly Note[]
  readonly settings: GitSettings
}

/** A workspace whose base lies in a repository elsewhere, and that can be published there. */
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

/** Says that a workspace is ready: written last, removed first. */
export const savedFile = (folder: string): string => join(gitDirOf(folder), 'workspace.json')

/** Written last, so that it stands for a workspace that was ready. */
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

/** null too for half a file: the worker died while it wrote it, so nothing had run there yet. */
function readSaved(text: string): z.infer<typeof Saved> | null {
  try {
    return Saved.parse(JSON.parse(text))
  } catch {
    return null
  }
}
