import type { DeliveryState, Message, Sent } from '../domain/callback.ts'
import type { JobId } from '../domain/id.ts'

/**
 * One page of deliveries, those of the newest job first. null for `jobId` or `states` selects
 * deliveries of all jobs or in all states. `after` is the id of the last delivery on the previous
 * page, or null for the first page.
 */
export type DeliveryPage = {
  readonly jobId: JobId | null
  readonly states: readonly DeliveryState[] | null
  readonly after: string | null
  readonly limit: number
}

/**
 * A delivery to send now. `tries` includes the try that now begins. `until` is the time at which
 * the lease of the delivery expires (epoch ms). If the delivery is taken again after that, it gets
 * a new `until`, and `markDelivery` rejects the old one.
 */
export type TakenDelivery = Message & {
  readonly host: string
  readonly tries: number
  readonly until: number
}

/** The result of a try, and the state that the delivery gets next. */
export type DeliveryEnd = {
  readonly sent: Sent
  readonly next:
    | { readonly state: 'delivered' | 'failed' }
    | { readonly state: 'pending'; readonly delayMs: number }
}
