import { StepFailed } from '../domain/stop.ts'
import type { ChangeArtifacts } from './change-artifacts.ts'
import type { Note } from './workspace.ts'

/** How large a change may be. */
export type ChangeLimits = { readonly files: number; readonly bytes: number }

export const CHANGE_LIMITS: ChangeLimits = { files: 100_000, bytes: 2 * 1024 ** 3 }

/** What an agent did, as data, and the artifacts in which it can be kept. */
export type Change = ChangeArtifacts & {
  /** The whole tree as git has it. */
  readonly tree: string
  /** The commit it started from. */
  readonly base: string
  readonly changed: boolean
  /** From base to tree, binaries included; empty when nothing changed. */
  readonly patchFile: string
  readonly files: number
  readonly insertions: number
  readonly deletions: number
  /** Contents that Git LFS keeps for this tree and that are nowhere else yet, by their ids. */
  readonly lfsObjects: readonly string[]
  readonly notes: readonly Note[]
}

/** Throws StepFailed `change-too-large` with the numbers. */
export function checkLimits(
  total: { readonly files: number; readonly bytes: number },
  limits: ChangeLimits,
): void {
  if (total.files > limits.files) {
    throw new StepFailed('change-too-large', `more than ${limits.files} files changed`)
  }
  if (total.bytes > limits.bytes) {
    throw new StepFailed(
      'change-too-large',
      `the changed files hold more than ${limits.bytes} bytes`,
    )
  }
}
