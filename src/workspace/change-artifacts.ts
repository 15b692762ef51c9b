// The artifacts in which a change is kept: its patch, and beside it the contents in Git LFS that
// the patch only points to. Their names are known here alone.
import { z } from 'zod'
import type { FileArtifact } from '../domain/attempt.ts'
import { lfsObjectFile } from './lfs.ts'
import type { Note } from './workspace.ts'

/** The name of a change's patch. */
export const PATCH = 'change.patch'
/** A content in Git LFS is named by its id behind this. */
const LFS = 'lfs-'
/** With more contents than this only the patch is kept. */
const LFS_OBJECTS_MAX = 100

const CommitOrTree = z.string().regex(/^[0-9a-f]{40}$/)

/**
 * What must be known of a kept change to continue from its artifacts. A kind stores it in a
 * checkpoint and hands it back to `prepareWorkspace`.
 */
export const ChangeRecord = z.strictObject({
  /** The commit that the change starts from. */
  base: CommitOrTree,
  /** The tree that results from it. */
  tree: CommitOrTree,
  /** Names of the artifacts that hold it; none when the tree is the base's. */
  artifacts: z.array(z.string()).max(1 + LFS_OBJECTS_MAX),
})
export type ChangeRecord = z.infer<typeof ChangeRecord>

/** What is kept of a change. */
export type ChangeArtifacts = {
  readonly artifacts: readonly FileArtifact[]
  /** null when the artifacts are not enough for a later attempt to continue from. */
  readonly record: ChangeRecord | null
}

type Taken = {
  readonly base: string
  readonly tree: string
  readonly changed: boolean
  readonly patchFile: string
  readonly lfsObjects: readonly string[]
}

/** @param gitDir the folder that holds the contents in Git LFS */
export function changeArtifacts(
  { changed, patchFile, lfsObjects, ...ids }: Taken,
  gitDir: string,
): ChangeArtifacts {
  if (!changed) return { artifacts: [], record: { ...ids, artifacts: [] } }
  const patch = { name: PATCH, mediaType: 'text/x-diff', file: patchFile }
  if (lfsObjects.length > LFS_OBJECTS_MAX) return { artifacts: [patch], record: null }
  const mediaType = 'application/octet-stream'
  const contents = lfsObjects.map((id) => ({
    name: `${LFS}${id}`,
    mediaType,
    file: lfsObjectFile(gitDir, id),
  }))
  const artifacts = [patch, ...contents]
  return { artifacts, record: { ...ids, artifacts: artifacts.map(({ name }) => name) } }
}

/** The note for a change that cannot be continued from. */
export const NOT_KEPT: Note = {
  code: 'work-not-kept',
  text: `More than ${LFS_OBJECTS_MAX} new contents in Git LFS: none of them is kept, so another attempt does the work again.`,
}

/** The id of a content in Git LFS by the name of its artifact; null for any other artifact. */
export const lfsIdOf = (name: string): string | null =>
  name.startsWith(LFS) ? name.slice(LFS.length) : null
