import { bytes } from '../domain/bytes.ts'
import { AppError } from '../domain/errors.ts'
import { shortId } from '../domain/id.ts'
import type { Job } from '../domain/job.ts'
import { byNewestWork, unsalvaged } from '../domain/newest-work.ts'
import type { ArtifactInfo } from '../protocol/schemas.ts'
import { PATCH } from '../workspace/change-artifacts.ts'

/** The largest patch to compare with another, in bytes: a comparison holds both in memory. */
const COMPARED_BYTES_MAX = 64_000_000

type Stored = Pick<Job, 'id' | 'state' | 'reason'>

/**
 * Returns the patch of the given attempt or, if `attempt` is undefined, the newest patch, from
 * which a follow-up would continue. Throws `artifact-not-found` if there is no patch or the patch
 * is empty; the error's message says why.
 */
export function patchOf(
  job: Stored,
  artifacts: readonly ArtifactInfo[],
  attempt: number | undefined,
): ArtifactInfo {
  const patches = patchesIn(artifacts)
  const found = patches.find((one) => attempt === undefined || one.attempt === attempt)
  if (found !== undefined && found.size > 0) return found
  const changes = patches.filter(({ size }) => size > 0)
  throw new AppError('artifact-not-found', whyNone(job, changes, attempt ?? found?.attempt))
}

/** The patch of the newest attempt that kept one; it is empty if that attempt changed nothing. */
export const newestPatch = (artifacts: readonly ArtifactInfo[]): ArtifactInfo | undefined =>
  patchesIn(artifacts)[0]

const patchesIn = (artifacts: readonly ArtifactInfo[]): readonly ArtifactInfo[] =>
  artifacts.filter(({ name }) => unsalvaged(name) === PATCH).toSorted(byNewestWork)

/**
 * Returns the patch if it can be compared with another. Throws `usage-invalid` if it is too large.
 */
export function comparable(patch: ArtifactInfo): ArtifactInfo {
  if (patch.size <= COMPARED_BYTES_MAX) return patch
  throw new AppError(
    'usage-invalid',
    `The change of attempt ${patch.attempt} is too large to compare: ${bytes(patch.size)}, at most ${bytes(COMPARED_BYTES_MAX)}. Save both changes with "artifacts get" and compare the files`,
  )
}

function whyNone(
  job: Stored,
  patches: readonly ArtifactInfo[],
  attempt: number | undefined,
): string {
  const name = `Job ${shortId(job.id)}`
  const others = [...new Set(patches.map((patch) => patch.attempt))].join(', ')
  if (others !== '')
    return `${name} has no change from attempt ${attempt}; attempts with a change: ${others}`
  if (job.reason === 'no-change') return `${name} has no change: the agent changed nothing`
  if (job.state === 'queued') return `${name} has no change yet: it is queued`
  if (job.state === 'running')
    return `${name} has no change yet: it is running, and the change is stored when the agent’s turn ends`
  return `${name} has no change: no attempt stored one`
}
