import type { Fence } from '../domain/lease.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'

/** What everything is sent with that belongs to one attempt. */
export type SenderContext = {
  /** With the attempt's token, or the worker's for the salvage of a dead one. */
  readonly hub: HubClient
  readonly fence: Fence
  readonly clock: Clock
}
