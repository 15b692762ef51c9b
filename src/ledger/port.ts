import type { Callback } from '../domain/callback.ts'
import type { Delivery } from '../domain/delivery.ts'
import type { Closed } from '../domain/closed.ts'
import type { Checkpoint, JobEvent, WorkerEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { InputFile } from '../domain/input.ts'
import type { Job, Submission } from '../domain/job.ts'
import type { Fence, Lease, Renewal, WorkerIdentity } from '../domain/lease.ts'
import type { Deferral, Pause, Settlement, Usage } from '../domain/outcome.ts'
import type { PublicationIntent } from '../domain/publication.ts'
import type { Scope } from '../domain/principal.ts'
import type { JobState } from '../domain/state.ts'
import type { Totals } from '../domain/totals.ts'
import type { UsageBy, UsageReport } from '../domain/usage-report.ts'
import type { DeliveryEnd, DeliveryPage, TakenDelivery } from './delivery-rows.ts'
import type { JobPage } from './job-page.ts'

/** A submission whose payload the job's kind has validated. */
export type NewJob = Submission & {
  readonly title: string
  readonly retryOf: JobId | null
  /**
   * Name and id of the token with which the job was submitted. The job may name files that were
   * uploaded with this token as inputs.
   */
  readonly submitter: { readonly name: string; readonly tokenId: string }
  /** What a worker must offer, such as `agent:codex`, in addition to the job's kind and labels. */
  readonly demands: readonly string[]
  /**
   * SHA-256 of the request. Detects a second request that uses the same idempotency key but
   * differs.
   */
  readonly requestDigest: string
}

export type ClaimRequest = {
  /**
   * An id that the worker chooses. If the response is lost and the worker repeats the claim with
   * the same id, it gets the same lease.
   */
  readonly requestId: string
  readonly worker: WorkerIdentity
  readonly leaseMs: number
  /** Id of the worker token with which the request was made. */
  readonly heldBy: string
  /**
   * SHA-256 (hex) of the secret in the attempt token that the response to this claim contains. A
   * repeated claim gets a new token, whose hash overwrites the stored one, so that the old token
   * becomes invalid.
   */
  readonly tokenHash: string
  /**
   * The lanes from which the worker token may claim jobs, as patterns such as `kind:code` (see
   * `permits`); null means all lanes.
   */
  readonly restrictedTo: readonly string[] | null
}

/** A lease without its attempt token, which the hub creates and adds. */
export type Claimed = Omit<Lease, 'token'>

/**
 * Selects the jobs of a usage report: those created at or after `createdFrom` and before
 * `createdBefore` (epoch ms). `by` is the property by which they are grouped.
 */
export type UsageFilter = {
  readonly by: UsageBy
  readonly createdFrom: number
  readonly createdBefore: number
}

export type ArtifactRow = Fence & {
  /** Display name, unique within the attempt; never a path. */
  readonly name: string
  /** Lower-case hex SHA-256 of the artifact's bytes. */
  readonly digest: string
  readonly size: number
  readonly mediaType: string
  readonly createdAt: number
}

export type WorkerRow = WorkerIdentity & {
  /**
   * The lanes from which the worker's token may claim jobs, as patterns such as `kind:code`; null
   * means all lanes.
   */
  readonly restrictedTo: string[] | null
  readonly seenAt: number
  /** The number of attempts that the worker is running now. */
  readonly running: number
}

export type TokenRow = {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /**
   * The lanes from which a worker with this token may claim jobs, as patterns such as `kind:code`;
   * null means all lanes.
   */
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
  /**
   * Id of the worker token that claimed the attempt. After the attempt has ended, only a request
   * with this token may store the files that the attempt left on its worker (salvage).
   */
  readonly heldBy: string
  /** Hex SHA-256 of the attempt token's secret. */
  readonly tokenHash: string
  readonly endedAt: number | null
}

/**
 * How many rows may be deleted or, after a deletion, were deleted. `uploads` counts the uploads
 * that are named by no job, or only by jobs that may be deleted.
 */
export type Unneeded = {
  readonly jobs: number
  readonly tokens: number
  readonly workers: number
  readonly uploads: number
}
/**
 * Times in epoch ms. Rows older than these times may be deleted. `jobs` is compared with the time
 * at which a job ended, a token was revoked or expired, or a worker was last seen; `uploads` is
 * compared with the time at which an upload was stored.
 */
export type Cutoffs = { readonly jobs: number; readonly uploads: number }

/**
 * The result of checking one page of uploads. `forgotten` is how many of them were deleted. `last`
 * is the last digest of the page, or null if the page has fewer than `limit` uploads, which means
 * that it is the last page.
 */
export type ForgottenBlobs = { readonly forgotten: number; readonly last: string | null }

/** A page of uploads, ordered by digest: the next `limit` after the digest `after`. */
export type BlobPage = { readonly after: string; readonly limit: number }

/** How many uploads of a page are unneeded, and the page's last digest, as in `ForgottenBlobs`. */
export type UnneededBlobs = { readonly count: number; readonly last: string | null }

/** A queued job that waits for a lock key although no job holds the key. */
export type StrandedJob = { readonly jobId: JobId; readonly key: string }

/**
 * Wakes long polls and streams. `ready` means that at least one job has become ready to be claimed.
 * `job` means that the job with this id has a new event or artifact. Long polls and streams also
 * check periodically, so losing a notification delays them but does not break them.
 */
export type Notification =
  | { readonly kind: 'ready' }
  | { readonly kind: 'job'; readonly jobId: JobId }

/**
 * Stores all jobs and what belongs to them; it is the source of truth. Each method except `claim`
 * is one transaction. Each write from a worker carries the attempt's fence. If the fence is stale,
 * the write changes nothing and throws `lease-lost`, or `job-terminal` if the job has ended. Unless
 * the comment on a method says otherwise, the method throws `job-not-found` for an unknown job.
 */
export type Ledger = {
  /**
   * Stores a new job. If a job with the same idempotency key and request digest exists, returns
   * that job with `created: false`. Throws:
   * - `idempotency-conflict` if the key was used with another digest;
   * - `job-exists` if the id is in use;
   * - `job-not-terminal` if the new job continues a job that has not ended;
   * - `input-missing`, with the digests in `details.missing`, if the bytes of an input are not
   *   stored, or if they were uploaded only with other tokens and no job names them yet;
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
   * Appends worker events. `from` is the number of the first event in the list; an attempt's worker
   * events are counted from 1. Skips events that are already recorded, so that a repeated call
   * changes nothing. Throws `log-gap` if events before `from` are missing.
   */
  appendEvents(fence: Fence, from: number, events: readonly WorkerEvent[]): Promise<void>
  /**
   * Records a checkpoint. Changes nothing if this attempt has already recorded an equal checkpoint.
   * Throws `request-invalid` if the job already has 1000 checkpoints.
   */
  checkpoint(fence: Fence, checkpoint: Checkpoint): Promise<void>
  /**
   * Records the work that a dead attempt left on its worker, as a checkpoint from which the next
   * attempt continues. Accepted even if the attempt has ended. Throws `lease-lost` once a later
   * attempt has begun or the job is paused, and `job-terminal` once the job has ended.
   */
  recordSalvage(fence: Fence, checkpoint: Checkpoint): Promise<void>
  /**
   * Records the intent to publish. Throws `cancel-requested` if the job's cancellation was
   * requested, `hold-lapsed` once the job's `holdUntil` has passed, and `request-invalid` if the
   * job already has 300 intents. An intent that is already recorded is accepted again, even if a
   * cancellation was requested or `holdUntil` has passed.
   */
  intendPublication(fence: Fence, intent: PublicationIntent): Promise<void>
  /**
   * Ends the attempt with this settlement. A repeated call with the same settlement changes nothing
   * and returns the job.
   */
  settle(fence: Fence, settlement: Settlement, usage: Usage | null): Promise<Job>
  pause(fence: Fence, pause: Pause, usage: Usage | null): Promise<Job>
  resume(jobId: JobId, by: string): Promise<Job>
  /**
   * Lets the next claim try the closed resources that a queued job needs, without waiting for their
   * `until`. Returns false if the job is not queued or needs no closed resource.
   */
  tryNow(jobId: JobId): Promise<boolean>
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
  /**
   * Ends an attempt that found a resource unavailable, closes the resource, and requeues the job
   * until the resource's next try. Does not count as a failure unless attempts were interrupted too
   * many times in a row. Fails the job once it has waited for `limits.outageMs` or has had too many
   * deferred attempts (see `afterDeferral` in `domain/machine.ts`).
   */
  defer(fence: Fence, why: Deferral, usage: Usage | null): Promise<Job>
  /**
   * The closed resources, ordered by key. If the `until` of a resource has passed, the next claim
   * of a job that needs the resource tries it.
   */
  closed(): Promise<readonly Closed[]>
  /**
   * Ends an attempt whose worker has been restarted, as if the lease had expired. A repeated call
   * changes nothing and returns the job.
   */
  abandon(fence: Fence): Promise<Job>
  /** Ends at most `limit` attempts whose lease has expired; returns how many it ended. */
  expire(limit: number): Promise<number>
  /**
   * Releases the lock keys of at most `limit` jobs that have kept them for longer than
   * `pausedLocksMs` after a pause. Returns the number of these jobs.
   */
  tidyLocks(limit: number): Promise<number>
  /**
   * Returns at most `limit` jobs that wait for a lock key although no job holds it. The list is
   * empty unless the ledger has a bug or was edited by hand.
   */
  strandedJobs(limit: number): Promise<readonly StrandedJob[]>

  job(jobId: JobId): Promise<Job>
  /** A job's input files, ordered by name. */
  inputs(jobId: JobId): Promise<readonly InputFile[]>
  /**
   * Records that a blob is in the store, and that jobs submitted with the token `uploader` may name
   * it as an input. If the blob is already recorded, sets the time at which it was stored to now.
   */
  storeBlob(blob: {
    readonly digest: string
    readonly size: number
    /** Id of the token with which the bytes were uploaded. */
    readonly uploader: string
  }): Promise<void>
  jobs(page: JobPage): Promise<readonly Job[]>
  /** Sums the tokens and costs of jobs. Deleted jobs are not counted. */
  usageReport(filter: UsageFilter): Promise<UsageReport>
  /** Events whose `seq` is greater than `after`, in order, at most `limit`. */
  events(jobId: JobId, after: number, limit: number): Promise<readonly JobEvent[]>
  /** The number of jobs per kind and state. */
  counts(): Promise<
    readonly { readonly kind: string; readonly state: JobState; readonly jobs: number }[]
  >
  /**
   * Counts a group's jobs by state and sums their usage. For an unknown group, all numbers are
   * zero.
   */
  totals(group: string): Promise<Totals>
  workers(): Promise<readonly WorkerRow[]>
  /** Returns null if the attempt or its job does not exist. */
  attempt(jobId: JobId, attempt: number): Promise<AttemptRow | null>

  /**
   * Records an artifact. Replaces an earlier artifact of the same attempt and name; if that
   * artifact has the same digest, nothing changes.
   */
  addArtifact(artifact: Omit<ArtifactRow, 'createdAt'>): Promise<void>
  artifacts(jobId: JobId): Promise<readonly ArtifactRow[]>

  /**
   * Lists the artifacts of the earlier jobs that this job continues (see `Continuation` in
   * `domain/work.ts`): the newest artifact of each name. Throws `job-not-found`.
   */
  earlierArtifacts(jobId: JobId): Promise<readonly ArtifactRow[]>

  /** A job's callbacks as they were submitted. */
  callbacks(jobId: JobId): Promise<readonly Callback[]>
  deliveries(page: DeliveryPage): Promise<readonly Delivery[]>
  /** The number of deliveries that are neither delivered nor failed. */
  pendingDeliveries(): Promise<number>
  /**
   * Leases a due delivery for `leaseMs` and adds one to its number of tries. Skips deliveries to
   * the hosts in `exceptHosts`. Returns null if no other delivery is due.
   */
  takeDelivery(leaseMs: number, exceptHosts: readonly string[]): Promise<TakenDelivery | null>
  /**
   * Records the result of a try. If the lease has expired and the delivery was taken again
   * meanwhile, changes nothing and returns false.
   */
  markDelivery(taken: TakenDelivery, end: DeliveryEnd): Promise<boolean>
  /**
   * Starts the delivery over with the same id: it is due now, and its tries are counted from zero
   * again. Throws `delivery-not-found`.
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
   * - jobs that ended before `before`, unless an unfinished job continues them or they have
   *   pending deliveries;
   * - tokens that were revoked or expired before `before`;
   * - workers that were last seen before `before` and are running no job.
   */
  unneeded(before: number): Promise<Omit<Unneeded, 'uploads'>>
  /**
   * Counts the unneeded uploads of one page: those stored before `before.uploads` that are named by
   * no job, or only by jobs that `forget(before.jobs)` would delete. For the first page, `after` is
   * the empty string.
   */
  unneededBlobs(before: Cutoffs, page: BlobPage): Promise<UnneededBlobs>
  /**
   * Deletes rows that `unneeded` counts: all of the tokens and workers, but at most `limit` jobs.
   * Returns how many of each it deleted.
   */
  forget(before: number, limit: number): Promise<Omit<Unneeded, 'uploads'>>
  /**
   * Checks one page of uploads: the next `limit` after the digest `after`. Deletes those that were
   * stored before `before` and that no job names. For the first page, `after` is the empty string.
   */
  forgetBlobs(before: number, page: BlobPage): Promise<ForgottenBlobs>
  /**
   * Returns those of the digests that an artifact or an upload refers to. If `before` is not null,
   * ignores the rows that `forget(before.jobs)` and `forgetBlobs(before.uploads)` would delete.
   */
  referenced(digests: readonly string[], before: Cutoffs | null): Promise<ReadonlySet<string>>
  /**
   * Returns the time (epoch ms) at which each of these jobs ended, or null for an unfinished job.
   * Unknown jobs are left out.
   */
  endings(jobIds: readonly JobId[]): Promise<ReadonlyMap<JobId, number | null>>

  /**
   * Binds the ledger to the store of artifacts and logs that has this id. Throws `store-foreign` if
   * the ledger is already bound to another store.
   */
  bindStore(id: string): Promise<void>
  /**
   * Calls the listener with each notification that this hub or another one sends. Returns a
   * function that unsubscribes.
   */
  subscribe(listener: (notification: Notification) => void): () => void
  /**
   * Writes a row and reads it back, for the readiness check. Throws if the ledger is not writable.
   */
  checkWritable(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
