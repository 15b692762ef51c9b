import type { DeliveryState } from '../domain/callback.ts'

/**
 * Counts delivery tries since the hub started, by the delivery's state after the try. `pending`
 * counts the tries after which the delivery will be retried.
 */
export class DeliveryTally {
  readonly counts: Record<DeliveryState, number> = { pending: 0, delivered: 0, failed: 0 }

  add(state: DeliveryState): void {
    this.counts[state] += 1
  }
}
