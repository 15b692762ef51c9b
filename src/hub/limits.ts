/**
 * The disk that holds the data folder. `freeBytes` measures its free space. While fewer than
 * `floorBytes` are free, the hub accepts no new work.
 */
export type DiskFloor = { freeBytes(): Promise<number>; readonly floorBytes: number }

/** Limits of the HTTP servers and of the hub. Names that end in `Ms` are times in milliseconds. */
export type HubLimits = {
  /** How long a request's headers may take to arrive. */
  readonly headersMs: number
  /** How long a JSON body may take to arrive. */
  readonly bodyMs: number
  /** How long an upload may take to arrive. */
  readonly uploadMs: number
  /** How long a connection may be inactive. Between two requests, `keepAliveMs` applies instead. */
  readonly idleMs: number
  /** How long a connection stays open after a request while it waits for the next one. */
  readonly keepAliveMs: number
  readonly headerBytes: number
  readonly headerLines: number
  readonly connections: number
  readonly eventStreams: number
  /** Maximum number of claims that wait for a job at the same time. */
  readonly waitingClaims: number
  /** Maximum number of queued jobs of all kinds together. */
  readonly queuedJobs: number
  /** Maximum number of invalid tokens per address and minute. */
  readonly failedLogins: number
  /** Interval between the comments that keep an idle event stream alive. */
  readonly heartbeatMs: number
  /** Interval at which waiting claims and readers check again without a notification. */
  readonly pollMs: number
  /** How long running requests may take to finish after the hub has started to close. */
  readonly drainMs: number
}

export const HUB_LIMITS: HubLimits = {
  headersMs: 10_000,
  bodyMs: 60_000,
  uploadMs: 3_600_000,
  idleMs: 60_000,
  keepAliveMs: 30_000,
  headerBytes: 16 * 1024,
  headerLines: 100,
  connections: 2048,
  eventStreams: 256,
  waitingClaims: 1024,
  queuedJobs: 1_000_000,
  failedLogins: 30,
  heartbeatMs: 15_000,
  pollMs: 1000,
  drainMs: 20_000,
}
