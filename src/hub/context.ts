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

/** What a hub needs. It owns none of it: whoever opened the ledger closes it after the hub. */
export type HubContext = {
  readonly ledger: Ledger
  readonly artifacts: ArtifactStore
  readonly logs: LogStore
  /** Removes unneeded jobs, logs and artifacts; a dry run only lists them. */
  readonly collectGarbage: (dryRun: boolean, signal: AbortSignal) => Promise<GarbageReport>
  readonly kinds: ReadonlyMap<string, KindSchema>
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Logger
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Host names besides loopback that requests may name, with or without a port. */
  readonly allowHosts: readonly string[]
  /** A proxy in front of the hub terminates TLS; otherwise the hub binds only to loopback. */
  readonly behindProxy: boolean
  readonly version: string
  /** Addresses that callbacks may use; null when this hub has no secret to sign them with. */
  readonly callbacks: CallbackRules | null
  readonly deliveries: DeliveryTally
  readonly disk?: DiskFloor
  readonly limits?: Partial<HubLimits>
}

/** The context and the state of a running hub; a restart loses that state without harm. */
export type HubState = Omit<HubContext, 'limits'> & {
  readonly limits: HubLimits
  readonly claims: ClaimLine
  readonly watches: JobWatches
  readonly failedLogins: FailedLogins
  readonly metrics: HubMetrics
  readonly streams: { open: number }
  /** Aborts when the hub closes. */
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
