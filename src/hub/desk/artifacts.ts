import { SALVAGE } from '../../domain/attempt.ts'
import { AppError } from '../../domain/errors.ts'
import type { Checkpoint } from '../../domain/event.ts'
import type { JobId } from '../../domain/id.ts'
import type { Fence } from '../../domain/lease.ts'
import type { WorkerPrincipal } from '../../domain/principal.ts'
import { ArtifactName } from '../../domain/text.ts'
import type { ArtifactRow } from '../../ledger/port.ts'
import { parseInput } from '../../protocol/parse-input.ts'
import type { HubState } from '../context.ts'
import { heldAttempt, heldAttemptOf, type WorkerId } from './held-attempt.ts'
import { refuseEnded } from './refuse-ended.ts'
import { store, type Upload } from './store.ts'

/** Identifies one artifact of one attempt. */
export type ArtifactAddress = Fence & { readonly name: string }

/** Lists the artifacts of all attempts of a job. Throws `job-not-found`. */
export async function listArtifacts(
  { ledger }: HubState,
  jobId: JobId,
): Promise<readonly ArtifactRow[]> {
  const job = await ledger.job(jobId)
  return ledger.artifacts(job.id)
}

/** Returns an artifact's row. Throws `job-not-found` or `artifact-not-found`. */
export async function findArtifact(hub: HubState, address: ArtifactAddress): Promise<ArtifactRow> {
  await hub.ledger.job(address.jobId)
  return artifactAt(hub, address)
}

/** Like `findArtifact`, but does not check that the job exists. */
export async function artifactAt(
  { ledger }: HubState,
  { jobId, attempt, name }: ArtifactAddress,
): Promise<ArtifactRow> {
  const rows = await ledger.artifacts(jobId)
  const row = rows.find((kept) => kept.attempt === attempt && kept.name === name)
  if (row !== undefined) return row
  throw new AppError(
    'artifact-not-found',
    `Attempt ${attempt} of job ${jobId} has no artifact ${name}.`,
  )
}

/** Stores an artifact of a running attempt. Throws `lease-lost` if the attempt has ended. */
export async function putArtifact(
  hub: HubState,
  address: ArtifactAddress & { readonly mediaType: string },
  upload: Upload,
): Promise<ArtifactRow> {
  await refuseEnded(hub.ledger, address)
  const stored = await store(hub, upload)
  await refuseEnded(hub.ledger, address)
  return record(hub, { ...address, ...stored })
}

/**
 * Stores a file that an ended attempt left on its worker. The artifact is named `salvage.<name>`.
 * Does not change the job's state. Throws `scope-missing` if the attempt was not claimed with the
 * caller's token.
 */
export async function salvageArtifact(
  hub: HubState,
  address: ArtifactAddress & { readonly mediaType: string },
  upload: Upload,
  by: WorkerPrincipal,
): Promise<ArtifactRow> {
  await heldAttempt(hub, address, by)
  const origin = { code: 'request-invalid', where: 'name' } as const
  const name = parseInput(ArtifactName, `${SALVAGE}${address.name}`, origin)
  const stored = await store(hub, upload)
  return record(hub, { ...address, name, ...stored })
}

/**
 * Records the work of a dead attempt, so that the next attempt can continue it. Call this after
 * `salvageArtifact` has stored the files of that work. Throws `scope-missing` if another worker or
 * another token claimed the attempt, and the errors of `Ledger.recordSalvage`.
 */
export async function salvageWork(
  hub: HubState,
  fence: Fence,
  { checkpoint, worker }: { readonly checkpoint: Checkpoint; readonly worker: WorkerId },
  by: WorkerPrincipal,
): Promise<void> {
  await heldAttemptOf(worker, hub, fence, by)
  await hub.ledger.recordSalvage(fence, checkpoint)
}

async function record(
  hub: HubState,
  artifact: Omit<ArtifactRow, 'createdAt'>,
): Promise<ArtifactRow> {
  await hub.ledger.addArtifact(artifact)
  return artifactAt(hub, artifact)
}
