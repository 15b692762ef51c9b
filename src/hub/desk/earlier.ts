import { AppError } from '../../domain/errors.ts'
import type { InputFile } from '../../domain/input.ts'
import type { Fence } from '../../domain/lease.ts'
import type { ArtifactRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { artifactAt } from './artifacts.ts'
import { refuseEnded } from './refuse-ended.ts'

/** A file that the job of the current attempt brings along. Throws `lease-lost`, `artifact-not-found`. */
export async function findInput(hub: HubState, fence: Fence, name: string): Promise<InputFile> {
  await refuseEnded(hub.ledger, fence)
  const input = (await hub.ledger.inputs(fence.jobId)).find((file) => file.name === name)
  if (input !== undefined) return input
  throw new AppError('artifact-not-found', `Job ${fence.jobId} has no input ${name}.`)
}

/** An artifact of an earlier attempt, for the current one that continues its work. */
export async function findKept(
  hub: HubState,
  fence: Fence,
  { from, name }: { readonly from: number; readonly name: string },
): Promise<ArtifactRow> {
  await refuseEnded(hub.ledger, fence)
  return artifactAt(hub, { jobId: fence.jobId, attempt: from, name })
}

/** The newest artifact of this name of the job that the current attempt's job continues. */
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
  throw new AppError('artifact-not-found', `The job it continues has no ${name}.`)
}
