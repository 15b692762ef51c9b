import { AppError } from '../../domain/errors.ts'
import type { InputFile } from '../../domain/input.ts'
import type { Fence } from '../../domain/lease.ts'
import type { ArtifactRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { artifactAt } from './artifacts.ts'
import { refuseEnded } from './refuse-ended.ts'

/** An input file of the current attempt's job. Throws `lease-lost`, `artifact-not-found`. */
export async function findInput(hub: HubState, fence: Fence, name: string): Promise<InputFile> {
  await refuseEnded(hub.ledger, fence)
  const input = (await hub.ledger.inputs(fence.jobId)).find((file) => file.name === name)
  if (input !== undefined) return input
  throw new AppError('artifact-not-found', `Job ${fence.jobId} has no input ${name}.`)
}

/** An artifact of an earlier attempt of the same job. Throws `lease-lost`, `artifact-not-found`. */
export async function findKept(
  hub: HubState,
  fence: Fence,
  { from, name }: { readonly from: number; readonly name: string },
): Promise<ArtifactRow> {
  await refuseEnded(hub.ledger, fence)
  return artifactAt(hub, { jobId: fence.jobId, attempt: from, name })
}

/** The newest artifact with this name of the job that the current job continues. */
export async function findContinued(
  hub: HubState,
  fence: Fence,
  name: string,
): Promise<ArtifactRow> {
  await refuseEnded(hub.ledger, fence)
  const { retryOf } = await hub.ledger.job(fence.jobId)
  const rows = retryOf === null ? [] : await hub.ledger.artifacts(retryOf)
  const [newest] = rows
    .filter((row) => row.name === name)
    .toSorted((one, other) => other.attempt - one.attempt)
  if (newest !== undefined) return newest
  const earlier = retryOf === null ? 'no job' : `job ${retryOf}, which has no artifact ${name}`
  throw new AppError('artifact-not-found', `Job ${fence.jobId} continues ${earlier}.`)
}
