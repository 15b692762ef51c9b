/** How much room the disk of the data folder must keep. */
export type DiskFloor = { freeBytes(): Promise<number>; readonly floorBytes: number }

/** Every limit of the server. Times in milliseconds. */
export type HubLimits = {
  /** For a request's header lines to arrive. */
  readonly headersMs: number
  /** For a JSON body to arrive. */
  readonly bodyMs: number
  /** For the bytes of an upload to arrive. */
  readonly uploadMs: number
  /** Longest silence of a connection in either direction. */
  readonly idleMs: number
  /** How long an unused connection stays open. */
  readonly keepAliveMs: number
  readonly headerBytes: number
  readonly headerLines: number
  readonly connections: number
  readonly eventStreams: number
  /** Claims that wait at once. */
  readonly waitingClaims: number
  /** Jobs that wait for a worker, of all kinds. */
  readonly queuedJobs: number
  /** Refused tokens a minute and address. */
  readonly failedLogins: number
  /** Comment lines that keep an event stream alive. */
  readonly heartbeatMs: number
  /** Waiters look again after this time even when nothing woke them. */
  readonly pollMs: number
  /** For requests under way when the hub closes. */
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
