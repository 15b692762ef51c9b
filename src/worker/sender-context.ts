import type { Fence } from '../domain/lease.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'

/** What the senders of one attempt have in common. */
export type SenderContext = {
  /** Authenticated with the attempt's token, or with the worker's to salvage a dead attempt. */
  readonly hub: HubClient
  readonly fence: Fence
  readonly clock: Clock
}
