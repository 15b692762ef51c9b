import { CHANGED_FILES_MAX, EVENT_TEXT_MAX } from '../domain/event.ts'
import { StepFailed } from '../domain/stop.ts'
import type { ChangeArtifacts } from './change-artifacts.ts'
import type { Note } from './workspace.ts'

/** A changed file; the line counts are null if the file is binary. */
export type ChangedFile = {
  readonly path: string
  readonly insertions: number | null
  readonly deletions: number | null
}

/**
 * Collects changed files until an event's limit is reached: the number of files, or the total
 * length of their paths.
 */
export class FewFiles {
  readonly files: ChangedFile[] = []
  #lengthLeft = EVENT_TEXT_MAX

  add(file: ChangedFile): void {
    this.#lengthLeft -= file.path.length
    if (this.#lengthLeft >= 0 && this.files.length < CHANGED_FILES_MAX) this.files.push(file)
  }
}

/** Maximum number of changed files, and maximum total size of their contents in bytes. */
export type ChangeLimits = { readonly files: number; readonly bytes: number }

export const CHANGE_LIMITS: ChangeLimits = { files: 100_000, bytes: 2 * 1024 ** 3 }

/** An agent's change, with the artifacts in which it can be stored. */
export type Change = ChangeArtifacts & {
  /** Id of the git tree after the change. */
  readonly tree: string
  /** Id of the commit that the change starts from. */
  readonly base: string
  readonly changed: boolean
  /**
   * Path of a patch from `base` to `tree`, including binary files. The patch is empty if nothing
   * changed.
   */
  readonly patchFile: string
  readonly files: number
  readonly insertions: number
  readonly deletions: number
  /** The first changed files, up to the limits of an event (`FewFiles`). */
  readonly changedFiles: readonly ChangedFile[]
  /** Ids of Git LFS objects that the tree points to and that exist only in the attempt's folder. */
  readonly lfsObjects: readonly string[]
  readonly notes: readonly Note[]
}

/** Throws StepFailed `change-too-large` if a limit is exceeded. */
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
      `the changed files contain more than ${limits.bytes} bytes`,
    )
  }
}
