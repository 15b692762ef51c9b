import type { DeliveryState } from '../domain/callback.ts'

/** Tries to deliver since the start, by what came of them; `pending` is tried again. */
export class DeliveryTally {
  readonly counts: Record<DeliveryState, number> = { pending: 0, delivered: 0, failed: 0 }

  add(state: DeliveryState): void {
    this.counts[state] += 1
  }
}
