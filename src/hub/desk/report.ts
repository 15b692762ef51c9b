import type { Checkpoint, WorkerEvent } from '../../domain/event.ts'
import type { Fence } from '../../domain/lease.ts'
import type { PublicationIntent } from '../../domain/publication.ts'
import type { HubState } from '../context.ts'

/** Appends what an attempt tells; `from` counts its events from 1, and a repeat changes nothing. */
export const appendEvents = (
  { ledger }: HubState,
  fence: Fence,
  from: number,
  events: readonly WorkerEvent[],
): Promise<void> => ledger.appendEvents(fence, from, events)

/** Records a finished step. */
export const addCheckpoint = (
  { ledger }: HubState,
  fence: Fence,
  checkpoint: Checkpoint,
): Promise<void> => ledger.checkpoint(fence, checkpoint)

/** Records what is about to be published. Throws `cancel-requested` and `hold-lapsed`. */
export const intendPublication = (
  { ledger }: HubState,
  fence: Fence,
  intent: PublicationIntent,
): Promise<void> => ledger.intendPublication(fence, intent)
