import type { DeliveryState, Message, Sent } from '../domain/callback.ts'
import type { JobId } from '../domain/id.ts'

/**
 * One page of deliveries, those of the newest job first. If `jobId` is null, the page has
 * deliveries of all jobs; if `states` is null, it has deliveries in all states. `after` is the id
 * of the last delivery on the previous page, or null for the first page.
 */
export type DeliveryPage = {
  readonly jobId: JobId | null
  readonly states: readonly DeliveryState[] | null
  readonly after: string | null
  readonly limit: number
}

/**
 * A delivery to send now. `tries` includes the try that now begins. `until` is the time (epoch ms)
 * at which the lease of the delivery expires. If the delivery is then taken again, it gets a new
 * `until`, and `markDelivery` no longer accepts the old one.
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
