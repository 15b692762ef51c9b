import type { Callback, DeliveryState, Message, Sent } from '../domain/callback.ts'
import type { Delivery } from '../domain/delivery.ts'
import type { Checkpoint, JobEvent, WorkerEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { InputFile } from '../domain/input.ts'
import type { Job, Submission } from '../domain/job.ts'
import type { Fence, Lease, Renewal, WorkerIdentity } from '../domain/lease.ts'
import type { Pause, Settlement, Usage } from '../domain/outcome.ts'
import type { PublicationIntent } from '../domain/publication.ts'
import type { Scope } from '../domain/principal.ts'
import type { JobState } from '../domain/state.ts'

/** A submission that its kind has validated. */
export type NewJob = Submission & {
  readonly title: string
  readonly retryOf: JobId | null
  /** Name and id of the submitter's token. Uploads belong to the token's id. */
  readonly submitter: { readonly name: string; readonly tokenId: string }
  /** What a worker must offer in addition to the kind and labels. */
  readonly demands: readonly string[]
  /** SHA-256 of the request; detects an idempotency key that is reused with a different request. */
  readonly requestDigest: string
}

export type ClaimRequest = {
  /**
   * Chosen by the worker. If the response is lost, a repeated claim with the same id gets the same
   * lease.
   */
  readonly requestId: string
  readonly worker: WorkerIdentity
  readonly leaseMs: number
  /** Id of the worker token. */
  readonly heldBy: string
  /** Hex SHA-256 of the attempt token's secret. A repeated claim replaces the hash. */
  readonly tokenHash: string
  /**
   * Patterns of the lanes from which the worker token may claim jobs (`permits`); null means all.
   */
  readonly restrictedTo: readonly string[] | null
}

/** A lease without its attempt token, which the hub creates and adds. */
export type Claimed = Omit<Lease, 'token'>

export type JobFilter = {
  readonly states?: readonly JobState[] | undefined
  readonly kind?: string | undefined
  readonly label?: string | undefined
  readonly group?: string | undefined
  /** Substring of the title or the id, case-insensitive. */
  readonly text?: string | undefined
  readonly createdFrom?: number | undefined
  readonly createdBefore?: number | undefined
}

/**
 * One page of jobs, newest first. `after` is the id of the last job on the previous page, or null
 * for the first page.
 */
export type JobPage = {
  readonly filter: JobFilter
  readonly after: JobId | null
  readonly limit: number
}

export type ArtifactRow = Fence & {
  /** Display name, unique within the attempt; never a path. */
  readonly name: string
  /** Lower-case hex SHA-256. */
  readonly digest: string
  readonly size: number
  readonly mediaType: string
  readonly createdAt: number
}

export type WorkerRow = WorkerIdentity & {
  /** Patterns of the lanes to which the worker's token is restricted; null means all lanes. */
  readonly restrictedTo: string[] | null
  readonly seenAt: number
  readonly running: number
}

export type TokenRow = {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Patterns of the lanes from which a worker may claim jobs with this token; null means all. */
  readonly lanes: readonly string[] | null
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly lastUsedAt: number | null
}
export type NewToken = Pick<TokenRow, 'id' | 'name' | 'scopes' | 'lanes' | 'expiresAt'> & {
  readonly hash: string
}

/** The worker of an attempt, and the data against which the hub checks the worker's tokens. */
export type AttemptRow = Fence & {
  readonly workerId: string
  readonly bootId: string
  /** Id of the worker token that claimed the attempt; only this token may salvage the attempt. */
  readonly heldBy: string
  /** Hex SHA-256 of the attempt token's secret. */
  readonly tokenHash: string
  readonly endedAt: number | null
}

/** How many rows may be deleted. `uploads` counts uploads that no remaining job names. */
export type Unneeded = {
  readonly jobs: number
  readonly tokens: number
  readonly workers: number
  readonly uploads: number
}
/**
 * Times in epoch ms. Older rows may be deleted. `jobs` is compared with the time at which a job
 * ended, a token was revoked or expired, or a worker was last seen; `uploads` is compared with the
 * time at which an upload was stored.
 */
export type Cutoffs = { readonly jobs: number; readonly uploads: number }

/**
 * The result of checking one page of uploads. `forgotten` is how many of them were deleted. `last`
 * is the last digest of the page, or null if no page follows.
 */
export type ForgottenBlobs = { readonly forgotten: number; readonly last: string | null }

/**
 * One page of deliveries, those of the newest job first. `after` is the id of the last delivery on
 * the previous page, or null for the first page.
 */
export type DeliveryPage = {
  readonly jobId: JobId | null
  readonly states: readonly DeliveryState[] | null
  readonly after: string | null
  readonly limit: number
}

/**
 * A delivery to send now. `until` is the time at which its lease expires (epoch ms). `markDelivery`
 * uses it as a fence.
 */
export type TakenDelivery = Message & {
  readonly host: string
  readonly tries: number
  readonly until: number
}

/** The result of a try and the delivery's next state. */
export type DeliveryEnd = {
  readonly sent: Sent
  readonly next:
    | { readonly state: 'delivered' | 'failed' }
    | { readonly state: 'pending'; readonly delayMs: number }
}

/** A queued job that waits for a lock key although no job holds the key. */
export type StrandedJob = { readonly jobId: JobId; readonly key: string }

/**
 * Wakes long polls and streams. They also check periodically, so a lost notification only delays
 * them.
 */
export type Notification =
  | { readonly kind: 'ready' }
  | { readonly kind: 'job'; readonly jobId: JobId }

/**
 * The source of truth. Each method except `claim` is one transaction. Each write from a worker
 * carries the attempt's fence; if the fence is stale, the write changes nothing and throws
 * `lease-lost`, or `job-terminal` if the job has ended. Methods throw `job-not-found` for an
 * unknown job.
 */
export type Ledger = {
  /**
   * Stores a new job. If a job with the same idempotency key and request digest exists, returns
   * that job with `created: false`. Throws:
   * - `idempotency-conflict` if the key was used with another digest;
   * - `job-exists` if the id is in use;
   * - `job-not-terminal` if the new job continues a job that has not ended;
   * - `input-missing`, with `details.missing`, if an input is not stored, or if only others
   *   uploaded it and no job names it yet;
   * - `request-invalid` if the demands are invalid or make the lane too long.
   */
  submit(job: NewJob): Promise<{ readonly job: Job; readonly created: boolean }>
  /**
   * Leases the best runnable job that this worker can serve, and takes its lock keys. Returns null
   * if there is no such job.
   */
  claim(request: ClaimRequest): Promise<Claimed | null>
  renew(fence: Fence, leaseMs: number): Promise<Renewal>
  /**
   * Appends worker events. `from` is the number of the first one, counted from 1 within the
   * attempt. Skips events that are already recorded, so that a repeat changes nothing. Throws
   * `log-gap` if events before `from` are missing.
   */
  appendEvents(fence: Fence, from: number, events: readonly WorkerEvent[]): Promise<void>
  /**
   * Records a checkpoint. Changes nothing if this attempt has already recorded the same one. Throws
   * `request-invalid` if the job already has 1000 checkpoints.
   */
  checkpoint(fence: Fence, checkpoint: Checkpoint): Promise<void>
  /**
   * Records the intent to publish. Throws `cancel-requested` after a cancel, `hold-lapsed` once
   * `holdUntil` has passed, and `request-invalid` if the job already has 300 intents. An intent
   * that is already recorded is accepted again, even after a cancel or a lapsed hold.
   */
  intendPublication(fence: Fence, intent: PublicationIntent): Promise<void>
  /** Idempotent: a repeated call with the same settlement returns the job. */
  settle(fence: Fence, settlement: Settlement, usage: Usage | null): Promise<Job>
  pause(fence: Fence, pause: Pause, usage: Usage | null): Promise<Job>
  resume(jobId: JobId, by: string): Promise<Job>
  /** Resumes at most `limit` jobs whose `resumeAt` has passed; returns how many it resumed. */
  resumeDue(limit: number): Promise<number>
  requestCancel(jobId: JobId, by: string): Promise<Job>
  /**
   * Extends the job's hold until the time `until` (epoch ms). Changes nothing if the hold already
   * lasts that long, or if the job has no hold. Throws `scope-missing` if `by` is not the
   * submitter, and `job-terminal` if the job has ended.
   */
  extendHold(jobId: JobId, until: number, by: string): Promise<Job>
  handBack(fence: Fence): Promise<Job>
  /** Ends at most `limit` attempts whose lease has expired; returns how many it ended. */
  expire(limit: number): Promise<number>
  /**
   * Releases the lock keys of at most `limit` jobs that have been paused for too long. Returns the
   * number of these jobs.
   */
  tidyLocks(limit: number): Promise<number>
  /**
   * Returns at most `limit` stranded jobs. There are none unless the ledger has a bug or was edited
   * by hand.
   */
  strandedJobs(limit: number): Promise<readonly StrandedJob[]>

  job(jobId: JobId): Promise<Job>
  /** A job's input files, ordered by name. */
  inputs(jobId: JobId): Promise<readonly InputFile[]>
  /**
   * Records that a blob is in the store, and that jobs submitted with the uploader's token may name
   * it as an input. If the blob is already recorded, updates the time at which it was stored.
   */
  storeBlob(blob: {
    readonly digest: string
    readonly size: number
    /** Id of the token with which the bytes were uploaded. */
    readonly uploader: string
  }): Promise<void>
  jobs(page: JobPage): Promise<readonly Job[]>
  /** Events whose `seq` is greater than `after`, in order, at most `limit`. */
  events(jobId: JobId, after: number, limit: number): Promise<readonly JobEvent[]>
  /** The number of jobs per kind and state. */
  counts(): Promise<
    readonly { readonly kind: string; readonly state: JobState; readonly jobs: number }[]
  >
  workers(): Promise<readonly WorkerRow[]>
  attempt(jobId: JobId, attempt: number): Promise<AttemptRow | null>

  /**
   * Records an artifact. An artifact with the same attempt and name is replaced; if its digest is
   * the same too, nothing changes.
   */
  addArtifact(artifact: Omit<ArtifactRow, 'createdAt'>): Promise<void>
  artifacts(jobId: JobId): Promise<readonly ArtifactRow[]>

  /** A job's callbacks as they were submitted. */
  callbacks(jobId: JobId): Promise<readonly Callback[]>
  deliveries(page: DeliveryPage): Promise<readonly Delivery[]>
  pendingDeliveries(): Promise<number>
  /**
   * Leases a due delivery for `leaseMs` and adds one to its number of tries. Skips deliveries to
   * `exceptHosts`. Returns null if no delivery is due.
   */
  takeDelivery(leaseMs: number, exceptHosts: readonly string[]): Promise<TakenDelivery | null>
  /**
   * Records the result of a try. If the lease has expired and the delivery was taken again, changes
   * nothing and returns false.
   */
  markDelivery(taken: TakenDelivery, end: DeliveryEnd): Promise<boolean>
  /**
   * Starts the delivery over with the same id: it is due now and has all its tries again. Throws
   * `delivery-not-found`.
   */
  resendDelivery(id: string): Promise<Delivery>

  createToken(token: NewToken): Promise<void>
  /** Returns the token with this hash, or null if it is unknown, revoked or expired. */
  findToken(hash: string): Promise<TokenRow | null>
  tokens(): Promise<readonly TokenRow[]>
  /** Throws `token-not-found`. */
  revokeToken(id: string): Promise<void>

  /**
   * Counts the rows that may be deleted:
   * - jobs that ended before `before.jobs`, unless an unfinished job continues them or they have
   *   pending callbacks;
   * - tokens that were revoked or expired before `before.jobs`;
   * - workers that were last seen before `before.jobs` and are running no job;
   * - uploads that were stored before `before.uploads` and that no remaining job names.
   */
  unneeded(before: Cutoffs): Promise<Unneeded>
  /**
   * Deletes at most `limit` unneeded jobs, and all unneeded tokens and workers. Returns how many of
   * each it deleted.
   */
  forget(before: number, limit: number): Promise<Omit<Unneeded, 'uploads'>>
  /**
   * Checks one page of uploads: the next `limit` after the digest `after`. Deletes those that were
   * stored before `before` and that no job names. The first page has `after: ''`.
   */
  forgetBlobs(
    before: number,
    page: { readonly after: string; readonly limit: number },
  ): Promise<ForgottenBlobs>
  /**
   * Returns those digests that an artifact or an upload refers to. If `before` is given, ignores
   * the rows that `forget(before.jobs)` and `forgetBlobs(before.uploads)` would delete.
   */
  referenced(digests: readonly string[], before: Cutoffs | null): Promise<ReadonlySet<string>>
  /** When each of these jobs ended, or null for an unfinished job. Unknown jobs are left out. */
  endings(jobIds: readonly JobId[]): Promise<ReadonlyMap<JobId, number | null>>

  /**
   * Binds the ledger to one store of artifacts and logs. Throws `store-foreign` if it is already
   * bound to another one.
   */
  bindStore(id: string): Promise<void>
  /**
   * Calls the listener with each notification that this hub or another one sends. Returns a
   * function that unsubscribes.
   */
  subscribe(listener: (notification: Notification) => void): () => void
  /** Writes and reads a row, for the readiness check. */
  checkWritable(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
