import type { DeliveryState } from '../domain/callback.ts'

/** Delivery tries since the hub started, by result; `pending` counts those that will be retried. */
export class DeliveryTally {
  readonly counts: Record<DeliveryState, number> = { pending: 0, delivered: 0, failed: 0 }

  add(state: DeliveryState): void {
    this.counts[state] += 1
  }
}
