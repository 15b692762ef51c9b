import { AppError } from '../../domain/errors.ts'
import type { InputFile } from '../../domain/input.ts'
import type { Fence } from '../../domain/lease.ts'
import type { ArtifactRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { artifactAt } from './artifacts.ts'
import { refuseEnded } from './refuse-ended.ts'

/** Finds an input file of the attempt's job. Throws `lease-lost` or `artifact-not-found`. */
export async function findInput(hub: HubState, fence: Fence, name: string): Promise<InputFile> {
  await refuseEnded(hub.ledger, fence)
  const input = (await hub.ledger.inputs(fence.jobId)).find((file) => file.name === name)
  if (input !== undefined) return input
  throw new AppError('artifact-not-found', `Job ${fence.jobId} has no input ${name}.`)
}

/**
 * Finds an artifact of another attempt of the same job; `from` is the number of that attempt.
 * Throws `lease-lost` if the attempt of `fence` has ended, and `artifact-not-found`.
 */
export async function findKept(
  hub: HubState,
  fence: Fence,
  { from, name }: { readonly from: number; readonly name: string },
): Promise<ArtifactRow> {
  await refuseEnded(hub.ledger, fence)
  return artifactAt(hub, { jobId: fence.jobId, attempt: from, name })
}

/**
 * Finds an artifact of the earlier jobs that the attempt's job continues. If several attempts or
 * jobs have an artifact with this name, returns the newest. Throws `lease-lost` if the attempt has
 * ended, and `artifact-not-found`.
 */
export async function findContinued(
  hub: HubState,
  fence: Fence,
  name: string,
): Promise<ArtifactRow> {
  await refuseEnded(hub.ledger, fence)
  const rows = await hub.ledger.earlierArtifacts(fence.jobId)
  const found = rows.find((row) => row.name === name)
  if (found !== undefined) return found
  throw new AppError(
    'artifact-not-found',
    `The earlier jobs of job ${fence.jobId} have no artifact ${name}.`,
  )
}
