// The artifacts in which a change is stored: its patch, and the Git LFS objects that the patch
// points to. Only this file defines their names.
import { z } from 'zod'
import type { FileArtifact } from '../domain/attempt.ts'
import { lfsObjectFile } from './lfs.ts'
import { OBJECT_ID } from './object-format.ts'
import type { Note } from './workspace.ts'

/** Name of the artifact that contains a change's patch, which is empty if nothing changed. */
export const PATCH = 'change.patch'
/** Prefix of the name of a Git LFS object's artifact; the object's id follows. */
const LFS = 'lfs-'
/** If a change has more than this many new LFS objects, only its patch is kept. */
const LFS_OBJECTS_MAX = 100

const CommitOrTree = z.string().regex(OBJECT_ID)

/**
 * Describes a change that was kept as artifacts, so that a later attempt can continue from it. The
 * code for a kind of job stores this record in a checkpoint. The later attempt passes the record to
 * `prepareWorkspace` or `prepareArchive`.
 */
export const ChangeRecord = z.strictObject({
  /** Id of the commit that the change starts from. */
  base: CommitOrTree,
  /** Id of the git tree after the change. */
  tree: CommitOrTree,
  /** Names of the artifacts from which the change is restored; empty if nothing changed. */
  artifacts: z.array(z.string()).max(1 + LFS_OBJECTS_MAX),
})
export type ChangeRecord = z.infer<typeof ChangeRecord>

/** The artifacts of a change, and their record. */
export type ChangeArtifacts = {
  readonly artifacts: readonly FileArtifact[]
  /** null if a later attempt cannot restore the change from the artifacts. */
  readonly record: ChangeRecord | null
}

type Taken = {
  readonly base: string
  readonly tree: string
  readonly changed: boolean
  readonly patchFile: string
  readonly lfsObjects: readonly string[]
}

/**
 * Lists the files in which a change is stored, and makes the record of the change. If nothing
 * changed, the list contains an empty patch: it shows a follow-up that an older patch is obsolete.
 * @param gitDir the git directory that contains the new Git LFS objects
 */
export function changeArtifacts(
  { changed, patchFile, lfsObjects, ...ids }: Taken,
  gitDir: string,
): ChangeArtifacts {
  const patch = { name: PATCH, mediaType: 'text/x-diff', file: patchFile }
  if (!changed) return { artifacts: [patch], record: { ...ids, artifacts: [] } }
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

/** The note for a change whose `record` is null. */
export const NOT_KEPT: Note = {
  code: 'work-not-kept',
  text: `The change has more than ${LFS_OBJECTS_MAX} new Git LFS objects. The objects are not kept, so another attempt cannot continue from the change and starts over.`,
}

/** Extracts a Git LFS object's id from its artifact's name. Returns null for other artifacts. */
export const lfsIdOf = (name: string): string | null =>
  name.startsWith(LFS) ? name.slice(LFS.length) : null
