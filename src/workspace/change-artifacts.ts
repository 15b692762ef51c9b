// The artifacts in which a change is stored: its patch, and the Git LFS objects that the patch
// points to. Only this file knows their names.
import { z } from 'zod'
import type { FileArtifact } from '../domain/attempt.ts'
import { lfsObjectFile } from './lfs.ts'
import type { Note } from './workspace.ts'

/** The name of a change's patch. */
export const PATCH = 'change.patch'
/** Prefix of the artifact of a Git LFS object; its id follows. */
const LFS = 'lfs-'
/** With more objects than this, only the patch is kept. */
const LFS_OBJECTS_MAX = 100

const CommitOrTree = z.string().regex(/^[0-9a-f]{40}$/)

/**
 * The facts needed to continue from the artifacts of a kept change. A kind stores it in a
 * checkpoint and passes it to `prepareWorkspace` in a later attempt.
 */
export const ChangeRecord = z.strictObject({
  /** The commit that the change starts from. */
  base: CommitOrTree,
  /** The tree after the change. */
  tree: CommitOrTree,
  /** Names of the change's artifacts; empty when nothing changed. */
  artifacts: z.array(z.string()).max(1 + LFS_OBJECTS_MAX),
})
export type ChangeRecord = z.infer<typeof ChangeRecord>

/** The artifacts of a change, and their record. */
export type ChangeArtifacts = {
  readonly artifacts: readonly FileArtifact[]
  /** null when a later attempt cannot continue from the artifacts. */
  readonly record: ChangeRecord | null
}

type Taken = {
  readonly base: string
  readonly tree: string
  readonly changed: boolean
  readonly patchFile: string
  readonly lfsObjects: readonly string[]
}

/** @param gitDir the folder that holds the new Git LFS objects */
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

/** The note for a change without a record. */
export const NOT_KEPT: Note = {
  code: 'work-not-kept',
  text: `The change has more than ${LFS_OBJECTS_MAX} new Git LFS objects. They are not kept, so another attempt starts over.`,
}

/** The id of a Git LFS object from the name of its artifact; null for any other artifact. */
export const lfsIdOf = (name: string): string | null =>
  name.startsWith(LFS) ? name.slice(LFS.length) : null
