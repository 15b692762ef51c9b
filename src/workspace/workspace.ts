import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CheckoutOptions } from './checkout-options.ts'
import type { GitSettings } from './git.ts'

/** A message for the submitter. It does not make the job fail. */
export type Note = { readonly code: string; readonly text: string }

/** A submodule: its path in the tree, and its git directory, which the agent cannot access. */
const Submodule = z.strictObject({ path: z.string(), gitDir: z.string() })
export type Submodule = z.infer<typeof Submodule>

/** A checkout for one attempt. The agent may change `tree` but cannot access `gitDir`. */
export type Workspace = {
  /** The attempt's folder. */
  readonly folder: string
  readonly tree: string
  readonly gitDir: string
  /** URL to fetch from and push to; null if the workspace was made from an archive. */
  readonly repository: string | null
  readonly base: { readonly commit: string; readonly branch: string | null }
  /**
   * Path of git's `objects` folder that contains the base and its history. The sandbox must make it
   * readable for the agent.
   */
  readonly objects: string
  readonly options: CheckoutOptions
  readonly submodules: readonly Submodule[]
  readonly notes: readonly Note[]
  readonly settings: GitSettings
}

/** A workspace made from a remote repository. Its change can be published to that repository. */
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

/** Path of the file that marks a workspace as ready. It is written last and removed first. */
export const savedFile = (folder: string): string => join(gitDirOf(folder), 'workspace.json')

/** Marks a workspace as ready, and saves the facts that `findWorkspace` needs. */
export async function saveWorkspace(workspace: Workspace): Promise<void> {
  const { folder, repository, base, objects, options, submodules } = workspace
  const saved = { repository, base, objects, options, submodules: [...submodules] }
  await writeFile(savedFile(folder), JSON.stringify(saved satisfies z.infer<typeof Saved>))
}

/**
 * Finds the workspace that a worker left in an attempt's folder when it died. Returns null if the
 * workspace was not ready.
 */
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

/**
 * Parses the saved facts. Returns null if the file is missing or truncated: then the worker died
 * before the agent started.
 * @param text the file's contents; empty if the file is missing
 */
function readSaved(text: string): z.infer<typeof Saved> | null {
  try {
    return Saved.parse(JSON.parse(text))
  } catch {
    return null
  }
}
