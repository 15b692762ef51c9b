import type { Checkpoint, WorkerEvent } from '../../domain/event.ts'
import type { Fence } from '../../domain/lease.ts'
import type { PublicationIntent } from '../../domain/publication.ts'
import type { HubState } from '../context.ts'

/**
 * Appends worker events of an attempt. They are numbered from 1 within the attempt; `from` is the
 * number of the first event in `events`. Idempotent: events that are already stored are skipped.
 */
export const appendEvents = (
  { ledger }: HubState,
  fence: Fence,
  from: number,
  events: readonly WorkerEvent[],
): Promise<void> => ledger.appendEvents(fence, from, events)

/** Records the checkpoint of a finished step. */
export const addCheckpoint = (
  { ledger }: HubState,
  fence: Fence,
  checkpoint: Checkpoint,
): Promise<void> => ledger.checkpoint(fence, checkpoint)

/**
 * Records what an attempt is about to publish. Throws `cancel-requested` if the job's cancellation
 * was requested. Throws `hold-lapsed` if the job's hold has passed.
 */
export const intendPublication = (
  { ledger }: HubState,
  fence: Fence,
  intent: PublicationIntent,
): Promise<void> => ledger.intendPublication(fence, intent)
