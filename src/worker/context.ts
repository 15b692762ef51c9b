import type { ModelDoor, ModelRefusal } from '../domain/agent.ts'
import type { WorkKind } from '../domain/attempt.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { Launch } from '../domain/launch.ts'
import type { Fence, WorkerIdentity } from '../domain/lease.ts'
import type { Probe } from '../domain/probe.ts'
import type { Usage } from '../domain/outcome.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import type { HubClient } from '../protocol/client.ts'

/** One attempt's way to a model, and the meter on it. */
export type MeteredDoor = {
  readonly door: ModelDoor
  usage(): Promise<Usage>
  /** How the model refused the last question; null when it answered. */
  refusal(): Promise<ModelRefusal | null>
  /** Ends the token and answers what was used in all. */
  close(): Promise<Usage>
}

/** Everything a worker works with; wired together by whoever starts it. */
export type WorkerContext = {
  /** With a worker's token. */
  readonly hub: HubClient
  readonly identity: WorkerIdentity
  /** The worker's own data folder; no other process uses it. */
  readonly folder: string
  readonly kinds: ReadonlyMap<string, WorkKind>
  /** A launch whose processes all carry this marker, by which they are found after a crash. */
  launchFor(marker: string): Launch
  /** null when this worker has no way to a model. */
  readonly openDoor: ((fence: Fence) => Promise<MeteredDoor>) | null
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Logger
  readonly probe: Probe
  /** Length of the leases it asks for, in milliseconds. */
  readonly leaseMs: number
  /** How long running attempts may go on after a drain began, in milliseconds. */
  readonly drainMs: number
}
