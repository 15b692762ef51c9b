/** Free space that the disk of the data folder must keep. */
export type DiskFloor = { freeBytes(): Promise<number>; readonly floorBytes: number }

/** Every limit of the server. Times in milliseconds. */
export type HubLimits = {
  /** Time for a request's headers to arrive. */
  readonly headersMs: number
  /** Time for a JSON body to arrive. */
  readonly bodyMs: number
  /** Time for an upload to arrive. */
  readonly uploadMs: number
  /** Longest time without bytes in either direction of a connection. */
  readonly idleMs: number
  /** How long an unused connection stays open. */
  readonly keepAliveMs: number
  readonly headerBytes: number
  readonly headerLines: number
  readonly connections: number
  readonly eventStreams: number
  /** Claims that wait at the same time. */
  readonly waitingClaims: number
  /** Queued jobs of all kinds. */
  readonly queuedJobs: number
  /** Refused tokens per address and minute. */
  readonly failedLogins: number
  /** Interval of the comments that keep an event stream alive. */
  readonly heartbeatMs: number
  /** Interval at which waiters check again without a notification. */
  readonly pollMs: number
  /** Time for running requests to finish when the hub closes. */
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
