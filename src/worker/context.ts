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

/** An attempt's access to a model, and a meter that counts its usage. */
export type MeteredDoor = {
  readonly door: ModelDoor
  usage(): Promise<Usage>
  /** Resource keys of the model accounts that have answered requests through this door. */
  answered(): Promise<readonly string[]>
  /** Why the last request got no usable answer, or null if it got a usable answer. */
  refusal(): Promise<ModelRefusal | null>
  /** Revokes the door's token and returns the total usage. */
  close(): Promise<Usage>
}

/** Everything that a worker needs, wired together by the program that starts it. */
export type WorkerContext = {
  /** The hub's client. It authenticates with the worker's token. */
  readonly hub: HubClient
  readonly identity: WorkerIdentity
  /** The worker's own data folder; no other process uses it. */
  readonly folder: string
  readonly kinds: ReadonlyMap<string, WorkKind>
  /** Returns a launcher whose processes carry `marker`, so that they can be found after a crash. */
  launchFor(marker: string): Launch
  /** Gives an attempt access to a model; null if this worker has no model. */
  readonly openDoor: ((fence: Fence) => Promise<MeteredDoor>) | null
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Logger
  readonly probe: Probe
  /** Duration of the leases that the worker requests, in milliseconds. */
  readonly leaseMs: number
  /** How long running attempts may continue after a drain begins, in milliseconds. */
  readonly drainMs: number
}
