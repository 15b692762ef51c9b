import type { Fence } from '../domain/lease.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'

/** What all senders of an attempt share. */
export type SenderContext = {
  /**
   * The hub's client. It authenticates with the attempt's token or, to salvage a dead attempt, with
   * the worker's token.
   */
  readonly hub: HubClient
  readonly fence: Fence
  readonly clock: Clock
}
