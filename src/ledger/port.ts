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

/** A submission after the kind has checked it. */
export type NewJob = Submission & {
  readonly title: string
  readonly retryOf: JobId | null
  /** Who submits it: the name of a token, and its id, which owns what it uploaded. */
  readonly submitter: { readonly name: string; readonly tokenId: string }
  /** What a worker must offer beside kind and labels. */
  readonly demands: readonly string[]
  /** SHA-256 over what was asked, so that a reused idempotency key with another body is seen. */
  readonly requestDigest: string
}

export type ClaimRequest = {
  /** Chosen by the worker; asking again with it after a lost answer gives the same lease. */
  readonly requestId: string
  readonly worker: WorkerIdentity
  readonly leaseMs: number
  /** Id of the worker token that asks. */
  readonly heldBy: string
  /** Hex SHA-256 of the attempt token's secret. A repeated request replaces it. */
  readonly tokenHash: string
  /** Patterns of the lanes that the worker token may claim from (`permits`); null: of all. */
  readonly restrictedTo: readonly string[] | null
}

/** What the ledger hands out; the hub adds the token it made. */
export type Claimed = Omit<Lease, 'token'>

export type JobFilter = {
  readonly states?: readonly JobState[] | undefined
  readonly kind?: string | undefined
  readonly label?: string | undefined
  readonly group?: string | undefined
  /** Found in the title or the id, upper or lower case. */
  readonly text?: string | undefined
  readonly createdFrom?: number | undefined
  readonly createdBefore?: number | undefined
}

/** Newest first; `after` is the id of the last job of the page before. */
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
  /** What the token that it asked with is restricted to; null for nothing. */
  readonly restrictedTo: string[] | null
  readonly seenAt: number
  readonly running: number
}

export type TokenRow = {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Patterns of the lanes that a worker may claim from with it; null: of all. */
  readonly lanes: readonly string[] | null
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly lastUsedAt: number | null
}
export type NewToken = Pick<TokenRow, 'id' | 'name' | 'scopes' | 'lanes' | 'expiresAt'> & {
  readonly hash: string
}

/** Whose attempt it was, and whether its token's secret is right. */
export type AttemptRow = Fence & {
  readonly workerId: string
  readonly bootId: string
  /** The worker token it was claimed with: who may salvage it later. */
  readonly heldBy: string
  /** Hex SHA-256 of the token's secret. */
  readonly tokenHash: string
  readonly endedAt: number | null
}

/** How many rows nobody needs any more; `uploads` are blobs that no job names as an input. */
export type Unneeded = {
  readonly jobs: number
  readonly tokens: number
  readonly workers: number
  readonly uploads: number
}
/** Moments (epoch ms): what was over before `jobs`, and uploads stored before `uploads`, may go. */
export type Cutoffs = { readonly jobs: number; readonly uploads: number }

/** How many uploads of a page were deleted, and its last digest; null when nothing follows. */
export type ForgottenBlobs = { readonly forgotten: number; readonly last: string | null }

/** Newest job first; `after` is the id of the last one of the page before. */
export type DeliveryPage = {
  readonly jobId: JobId | null
  readonly states: readonly DeliveryState[] | null
  readonly after: string | null
  readonly limit: number
}

/** A delivery that is to be sent now; `until` says when somebody else may, and is the fence. */
export type TakenDelivery = Message & {
  readonly host: string
  readonly tries: number
  readonly until: number
}

/** What a try came to, and what follows from it. */
export type DeliveryEnd = {
  readonly sent: Sent
  readonly next:
    | { readonly state: 'delivered' | 'failed' }
    | { readonly state: 'pending'; readonly delayMs: number }
}

/** A queued job that waits for a lock key although no job holds it. */
export type StrandedJob = { readonly jobId: JobId; readonly key: string }

/** What may change, so that long polls and streams wake up. A hint: nothing is lost without it. */
export type Notification =
  | { readonly kind: 'ready' }
  | { readonly kind: 'job'; readonly jobId: JobId }

/**
 * The truth. Each method is one transaction; each write of a worker carries its fence, and a
 * fence that is not the current one changes nothing and throws `lease-lost` (or `job-terminal`
 * when the job has ended). Unknown jobs throw `job-not-found`.
 */
export type Ledger = {
  /**
   * Same key and digest: the job of the first time, `created: false`. Other digest:
   * `idempotency-conflict`. An id that some job has: `job-exists`. Inputs that are not stored, or
   * were uploaded by others and are named by no job: `input-missing`, listed in `details.missing`.
   * More or longer demands than a lane holds: `request-invalid`.
   */
  submit(job: NewJob): Promise<{ readonly job: Job; readonly created: boolean }>
  /** The best runnable job this worker can serve, or null. Takes the locks, raises the attempt. */
  claim(request: ClaimRequest): Promise<Claimed | null>
  renew(fence: Fence, leaseMs: number): Promise<Renewal>
  /**
   * Appends what a worker tells. `from` counts the attempt's worker events from 1: those already
   * there are skipped, so a repeat changes nothing; a gap is refused as `log-gap`.
   */
  appendEvents(fence: Fence, from: number, events: readonly WorkerEvent[]): Promise<void>
  /**
   * One that the attempt has made before changes nothing. At most 1000 a job, then
   * `request-invalid`.
   */
  checkpoint(fence: Fence, checkpoint: Checkpoint): Promise<void>
  /**
   * Refused with `cancel-requested` once a cancel is known, and with `hold-lapsed` from `holdUntil`
   * on; afterwards publishing completes. At most 300 a job, then `request-invalid`.
   */
  intendPublication(fence: Fence, intent: PublicationIntent): Promise<void>
  /** Accepted once; the same settlement again gives the same answer. */
  settle(fence: Fence, settlement: Settlement, usage: Usage | null): Promise<Job>
  pause(fence: Fence, pause: Pause, usage: Usage | null): Promise<Job>
  resume(jobId: JobId, by: string): Promise<Job>
  /** Resumes jobs paused until a moment that has come, at most `limit`; returns how many. */
  resumeDue(limit: number): Promise<number>
  requestCancel(jobId: JobId, by: string): Promise<Job>
  /**
   * Moves the job's hold to a later moment (epoch ms); an earlier one changes nothing, nor does any
   * when the job has no hold. `scope-missing` unless its submitter asks, `job-terminal` after its end.
   */
  extendHold(jobId: JobId, until: number, by: string): Promise<Job>
  handBack(fence: Fence): Promise<Job>
  /** Ends every attempt whose lease ran out, at most `limit`; returns how many. */
  expire(limit: number): Promise<number>
  /** Frees locks of jobs paused longer than they may keep them; returns of how many jobs. */
  tidyLocks(limit: number): Promise<number>
  /** At most `limit`; empty, because no transaction leaves one behind. */
  strandedJobs(limit: number): Promise<readonly StrandedJob[]>

  job(jobId: JobId): Promise<Job>
  /** The files that a job brings along, by name. */
  inputs(jobId: JobId): Promise<readonly InputFile[]>
  /**
   * Records bytes that are in the store, and that this token may name them as inputs. Again: they
   * count as stored now.
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
  /** How many jobs of each kind are in each state. */
  counts(): Promise<
    readonly { readonly kind: string; readonly state: JobState; readonly jobs: number }[]
  >
  workers(): Promise<readonly WorkerRow[]>
  attempt(jobId: JobId, attempt: number): Promise<AttemptRow | null>

  /** Same name, attempt and digest again: nothing changes. Same name, other digest: replaced. */
  addArtifact(artifact: Omit<ArtifactRow, 'createdAt'>): Promise<void>
  artifacts(jobId: JobId): Promise<readonly ArtifactRow[]>

  /** What a job's producer asked to be told. */
  callbacks(jobId: JobId): Promise<readonly Callback[]>
  deliveries(page: DeliveryPage): Promise<readonly Delivery[]>
  pendingDeliveries(): Promise<number>
  /** A delivery that is due, for this long, or null. None to these hosts. Counts as a try. */
  takeDelivery(leaseMs: number, butTo: readonly string[]): Promise<TakenDelivery | null>
  /** False, and nothing changes, when the lease is over and the delivery was taken again. */
  markDelivery(taken: TakenDelivery, end: DeliveryEnd): Promise<boolean>
  /** Sends again from now under the same id. `delivery-not-found` when there is none. */
  resendDelivery(id: string): Promise<Delivery>

  createToken(token: NewToken): Promise<void>
  /** By hash; null when unknown, revoked or expired. */
  findToken(hash: string): Promise<TokenRow | null>
  tokens(): Promise<readonly TokenRow[]>
  /** `token-not-found` when there is none. */
  revokeToken(id: string): Promise<void>

  /**
   * How much nobody needs any more: jobs ended before `before.jobs`, except those that a living job
   * continues; tokens revoked or expired, workers last heard of before it; uploads stored before
   * `before.uploads` that no other job names.
   */
  unneeded(before: Cutoffs): Promise<Unneeded>
  /** Deletes jobs, tokens and workers, at most `limit` jobs at a time; returns how many. */
  forget(before: number, limit: number): Promise<Omit<Unneeded, 'uploads'>>
  /**
   * Looks at the `limit` uploads that follow a digest, and deletes those that were stored before a
   * moment and that no job names. Page by page from '' on, each upload is looked at once.
   */
  forgetBlobs(
    before: number,
    page: { readonly after: string; readonly limit: number },
  ): Promise<ForgottenBlobs>
  /**
   * Which of these digests a job or an upload refers to; with `before`, as it will be after
   * `forget(before.jobs)` and `forgetBlobs(before.uploads)`.
   */
  referenced(digests: readonly string[], before: Cutoffs | null): Promise<ReadonlySet<string>>
  /** When each of these jobs ended, null while it lives; unknown jobs are left out. */
  endings(jobIds: readonly JobId[]): Promise<ReadonlyMap<JobId, number | null>>

  /** Ties the ledger to one store of artifacts and logs; `store-foreign` for every other one. */
  bindStore(id: string): Promise<void>
  /** Calls back after each commit that may interest a waiter; returns how to stop. */
  subscribe(listener: (notification: Notification) => void): () => void
  /** Writes and reads a row, for readiness. */
  checkWritable(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
