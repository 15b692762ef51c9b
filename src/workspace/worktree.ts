import { basename } from 'node:path'
import { gitDirOf, treeOf } from './workspace.ts'

/** Where a commit is checked out, and the name of its pin in the cache. */
export type Worktree = {
  readonly gitDir: string
  readonly tree: string
  readonly commit: string
  readonly pin: string
}

/** The worktree in an attempt's folder. */
export const worktreeOf = (folder: string, commit: string): Worktree => ({
  gitDir: gitDirOf(folder),
  tree: treeOf(folder),
  commit,
  pin: basename(folder),
})
