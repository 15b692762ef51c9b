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

/** A submission after the kind has validated it. */
export type NewJob = Submission & {
  readonly title: string
  readonly retryOf: JobId | null
  /** Name and id of the submitter's token. Uploads belong to the token id. */
  readonly submitter: { readonly name: string; readonly tokenId: string }
  /** What a worker must offer besides kind and labels. */
  readonly demands: readonly string[]
  /** SHA-256 of the request; detects an idempotency key that is reused with a different request. */
  readonly requestDigest: string
}

export type ClaimRequest = {
  /** Chosen by the worker; repeating the claim with it after a lost response gives the same lease. */
  readonly requestId: string
  readonly worker: WorkerIdentity
  readonly leaseMs: number
  /** Id of the worker token. */
  readonly heldBy: string
  /** Hex SHA-256 of the attempt token's secret. A repeated request replaces it. */
  readonly tokenHash: string
  /** Patterns of the lanes that the worker token may claim from (`permits`); null for all lanes. */
  readonly restrictedTo: readonly string[] | null
}

/** A lease without the attempt token, which the hub makes and adds. */
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

/** Newest first; `after` is the id of the last job of the previous page. */
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
  /** Lane patterns that its token is restricted to; null when unrestricted. */
  readonly restrictedTo: string[] | null
  readonly seenAt: number
  readonly running: number
}

export type TokenRow = {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Patterns of the lanes that a worker may claim from with it; null for all lanes. */
  readonly lanes: readonly string[] | null
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly lastUsedAt: number | null
}
export type NewToken = Pick<TokenRow, 'id' | 'name' | 'scopes' | 'lanes' | 'expiresAt'> & {
  readonly hash: string
}

/** The worker of an attempt, and what is needed to check its tokens. */
export type AttemptRow = Fence & {
  readonly workerId: string
  readonly bootId: string
  /** Id of the worker token that claimed it; only this token may salvage it. */
  readonly heldBy: string
  /** Hex SHA-256 of the attempt token's secret. */
  readonly tokenHash: string
  readonly endedAt: number | null
}

/** Numbers of rows that may be deleted; `uploads` are blobs that no job names as an input. */
export type Unneeded = {
  readonly jobs: number
  readonly tokens: number
  readonly workers: number
  readonly uploads: number
}
/**
 * Times in epoch ms. Jobs, tokens and workers that ended or were last used before `jobs` may be
 * deleted, and uploads that were stored before `uploads`.
 */
export type Cutoffs = { readonly jobs: number; readonly uploads: number }

/** How many uploads of a page were deleted, and its last digest; null on the last page. */
export type ForgottenBlobs = { readonly forgotten: number; readonly last: string | null }

/** Newest job first; `after` is the id of the last delivery of the previous page. */
export type DeliveryPage = {
  readonly jobId: JobId | null
  readonly states: readonly DeliveryState[] | null
  readonly after: string | null
  readonly limit: number
}

/** A delivery to send now. `until` is the end of its lease (epoch ms) and the fence of `markDelivery`. */
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

/** A queued job that waits for a lock key although no job holds it. */
export type StrandedJob = { readonly jobId: JobId; readonly key: string }

/** Wakes long polls and streams. Only a hint: they also check periodically, so a lost one loses nothing. */
export type Notification =
  | { readonly kind: 'ready' }
  | { readonly kind: 'job'; readonly jobId: JobId }

/**
 * The source of truth. Each method is one transaction. Each write of a worker carries its fence; a
 * stale fence changes nothing and throws `lease-lost` (`job-terminal` when the job has ended). Unknown
 * jobs throw `job-not-found`.
 */
export type Ledger = {
  /**
   * Idempotent: the same key and digest return the existing job with `created: false`. Throws
   * `idempotency-conflict` for a known key with another digest; `job-exists` for a known id;
   * `input-missing`, with `details.missing`, for inputs that are not stored, or that only others
   * uploaded and no job names; `request-invalid` for more or longer demands than a lane holds.
   */
  submit(job: NewJob): Promise<{ readonly job: Job; readonly created: boolean }>
  /** Leases the best runnable job that this worker can serve, or null. Takes its lock keys. */
  claim(request: ClaimRequest): Promise<Claimed | null>
  renew(fence: Fence, leaseMs: number): Promise<Renewal>
  /**
   * Appends worker events. `from` is the number of the first one, counted from 1 within the attempt.
   * Events already recorded are skipped, so a repeat changes nothing; a gap throws `log-gap`.
   */
  appendEvents(fence: Fence, from: number, events: readonly WorkerEvent[]): Promise<void>
  /**
   * A checkpoint that this attempt has already recorded changes nothing. More than 1000 per job throw
   * `request-invalid`.
   */
  checkpoint(fence: Fence, checkpoint: Checkpoint): Promise<void>
  /**
   * Throws `cancel-requested` after a cancel and `hold-lapsed` from `holdUntil` on. Once an intent is
   * recorded, neither stops its publication. More than 300 per job throw `request-invalid`.
   */
  intendPublication(fence: Fence, intent: PublicationIntent): Promise<void>
  /** Idempotent: a repeat with the same settlement returns the job. */
  settle(fence: Fence, settlement: Settlement, usage: Usage | null): Promise<Job>
  pause(fence: Fence, pause: Pause, usage: Usage | null): Promise<Job>
  resume(jobId: JobId, by: string): Promise<Job>
  /** Resumes at most `limit` jobs whose `resumeAt` has passed; returns how many. */
  resumeDue(limit: number): Promise<number>
  requestCancel(jobId: JobId, by: string): Promise<Job>
  /**
   * Extends the job's hold to a later time (epoch ms). An earlier time, or a job without a hold,
   * changes nothing. Throws `scope-missing` unless `by` is the submitter, and `job-terminal`.
   */
  extendHold(jobId: JobId, until: number, by: string): Promise<Job>
  handBack(fence: Fence): Promise<Job>
  /** Ends at most `limit` attempts whose lease expired; returns how many. */
  expire(limit: number): Promise<number>
  /** Releases the lock keys of jobs paused for too long; returns how many jobs. */
  tidyLocks(limit: number): Promise<number>
  /** At most `limit`. Always empty unless the ledger has a bug or was edited by hand. */
  strandedJobs(limit: number): Promise<readonly StrandedJob[]>

  job(jobId: JobId): Promise<Job>
  /** The input files of a job, ordered by name. */
  inputs(jobId: JobId): Promise<readonly InputFile[]>
  /**
   * Records bytes that are in the store, and that this token may name them as inputs. A repeat renews
   * the time at which they were stored.
   */
  storeBlob(blob: {
    readonly digest: string
    readonly size: number
    /** Id of the token. */
    readonly uploader: string
  }): Promise<void>
  jobs(page: JobPage): Promise<readonly Job[]>
  /** Events with seq > after, in order. */
  events(jobId: JobId, after: number, limit: number): Promise<readonly JobEvent[]>
  /** The number of jobs per kind and state. */
  counts(): Promise<
    readonly { readonly kind: string; readonly state: JobState; readonly jobs: number }[]
  >
  workers(): Promise<readonly WorkerRow[]>
  attempt(jobId: JobId, attempt: number): Promise<AttemptRow | null>

  /** An artifact with the same attempt and name is replaced; with the same digest too, nothing changes. */
  addArtifact(artifact: Omit<ArtifactRow, 'createdAt'>): Promise<void>
  artifacts(jobId: JobId): Promise<readonly ArtifactRow[]>

  /** The callbacks of a job, as submitted. */
  callbacks(jobId: JobId): Promise<readonly Callback[]>
  deliveries(page: DeliveryPage): Promise<readonly Delivery[]>
  pendingDeliveries(): Promise<number>
  /** Leases a due delivery for this long, except to these hosts, or null. Counts as a try. */
  takeDelivery(leaseMs: number, exceptHosts: readonly string[]): Promise<TakenDelivery | null>
  /** Returns false and changes nothing when the lease expired and the delivery was taken again. */
  markDelivery(taken: TakenDelivery, end: DeliveryEnd): Promise<boolean>
  /** Starts the delivery over, due now, under the same id. Throws `delivery-not-found`. */
  resendDelivery(id: string): Promise<Delivery>

  createToken(token: NewToken): Promise<void>
  /** By hash; null when unknown, revoked or expired. */
  findToken(hash: string): Promise<TokenRow | null>
  tokens(): Promise<readonly TokenRow[]>
  /** Throws `token-not-found`. */
  revokeToken(id: string): Promise<void>

  /**
   * How many rows may be deleted: jobs that ended before `before.jobs`, except those that an
   * unfinished job continues or that have pending callbacks; tokens revoked or expired and workers
   * last seen before it; uploads stored before `before.uploads` that no remaining job names.
   */
  unneeded(before: Cutoffs): Promise<Unneeded>
  /** Deletes at most `limit` unneeded jobs, and all unneeded tokens and workers; returns how many. */
  forget(before: number, limit: number): Promise<Omit<Unneeded, 'uploads'>>
  /**
   * Checks the `limit` uploads that follow a digest and deletes those that were stored before a time
   * and that no job names. Paging from '' to the end checks each upload once.
   */
  forgetBlobs(
    before: number,
    page: { readonly after: string; readonly limit: number },
  ): Promise<ForgottenBlobs>
  /**
   * Those of the digests that a job or an upload refers to. With `before`, the answer after
   * `forget(before.jobs)` and `forgetBlobs(before.uploads)` would have run.
   */
  referenced(digests: readonly string[], before: Cutoffs | null): Promise<ReadonlySet<string>>
  /** End times of these jobs, null while unfinished; unknown jobs are left out. */
  endings(jobIds: readonly JobId[]): Promise<ReadonlyMap<JobId, number | null>>

  /** Binds the ledger to one store of artifacts and logs; throws `store-foreign` for any other. */
  bindStore(id: string): Promise<void>
  /** Calls the listener after commits of this and other hubs; returns a function that unsubscribes. */
  subscribe(listener: (notification: Notification) => void): () => void
  /** Writes and reads a row, for the readiness check. */
  checkWritable(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
