import type { Checkpoint, WorkerEvent } from '../../domain/event.ts'
import type { Fence } from '../../domain/lease.ts'
import type { PublicationIntent } from '../../domain/publication.ts'
import type { HubState } from '../context.ts'

/** Appends events of an attempt; `from` is the number of the first, counted from 1. Idempotent. */
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

/** Records the intent to publish. Throws `cancel-requested` and `hold-lapsed`. */
export const intendPublication = (
  { ledger }: HubState,
  fence: Fence,
  intent: PublicationIntent,
): Promise<void> => ledger.intendPublication(fence, intent)
