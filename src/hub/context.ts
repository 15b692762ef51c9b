import type { CallbackRules } from '../callbacks/rules.ts'
import type { ArtifactStore, LogStore } from '../artifacts/port.ts'
import type { GarbageReport } from '../domain/garbage.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { KindSchema } from '../domain/kind.ts'
import type { DeliveryTally } from '../keeper/delivery-tally.ts'
import type { Ledger } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { ClaimLine } from './desk/claim-line.ts'
import { JobWatches } from './desk/job-watches.ts'
import { FailedLogins } from './failed-logins.ts'
import type { DiskFloor, HubLimits } from './limits.ts'
import { HubMetrics } from './metrics.ts'

/**
 * What a hub is started with. Closing the hub does not close the ledger; whoever opened the ledger
 * must close it after the hub.
 */
export type HubContext = {
  readonly ledger: Ledger
  readonly artifacts: ArtifactStore
  readonly logs: LogStore
  /**
   * Deletes expired jobs, expired logs, and artifacts that nothing references. A dry run deletes
   * nothing and reports what would be deleted.
   */
  readonly collectGarbage: (dryRun: boolean, signal: AbortSignal) => Promise<GarbageReport>
  readonly kinds: ReadonlyMap<string, KindSchema>
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Logger
  /** The address on which the hub listens. Port 0 selects any free port. */
  readonly listen: { readonly host: string; readonly port: number }
  /**
   * Host names, such as `hub.example`, that the guard accepts in a Host header in addition to
   * loopback names. A name may include a port.
   */
  readonly allowHosts: readonly string[]
  /**
   * Whether a proxy in front of the hub terminates TLS. If false, the hub listens only on loopback.
   */
  readonly behindProxy: boolean
  readonly version: string
  /**
   * Decides which URLs callbacks may have. Null if this hub has no secret with which to sign
   * callback messages.
   */
  readonly callbacks: CallbackRules | null
  readonly deliveries: DeliveryTally
  readonly disk?: DiskFloor
  readonly limits?: Partial<HubLimits>
}

/** The context and in-memory state of a running hub. Losing this state in a restart is harmless. */
export type HubState = Omit<HubContext, 'limits'> & {
  readonly limits: HubLimits
  readonly claims: ClaimLine
  readonly watches: JobWatches
  readonly failedLogins: FailedLogins
  readonly metrics: HubMetrics
  /** Number of open event streams. */
  readonly streams: { open: number }
  /** Aborts when the hub starts to close. */
  readonly closing: AbortSignal
}

export function makeHubState(
  context: HubContext,
  limits: HubLimits,
  closing: AbortSignal,
): HubState {
  const claims = new ClaimLine(context.clock)
  return {
    ...context,
    limits,
    claims,
    watches: new JobWatches(context.clock),
    failedLogins: new FailedLogins(context.clock, limits.failedLogins),
    metrics: new HubMetrics({ ...context, claims }),
    streams: { open: 0 },
    closing,
  }
}
