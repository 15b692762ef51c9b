import { randomUUID } from 'node:crypto'
import { type ErrorCode, isAppError } from '../../../src/domain/errors.ts'
import { JobId } from '../../../src/domain/id.ts'
import { Limits } from '../../../src/domain/limits.ts'
import type { Fence, WorkerIdentity } from '../../../src/domain/lease.ts'
import type { Settlement } from '../../../src/domain/outcome.ts'
import { RetryPolicy } from '../../../src/domain/retry.ts'
import type { Claimed, ClaimRequest, Ledger, NewJob } from '../../../src/ledger/port.ts'

/** An empty ledger whose time moves only with `advance`. It is closed after the test. */
export type Bed = {
  ledger: Ledger
  /** Moves the ledger's time forward by milliseconds. */
  readonly advance: (ms: number) => void
  /** Restarts the ledger: closes it and opens it again. */
  readonly reopen: () => Promise<void>
  /** Whether a restart extends leases, as it must where no other hub could renew them. */
  readonly graceAfterRestart: boolean
}
export type OpenLedger = () => Promise<Bed>

export const LEASE_MS = 60_000

export const NO_JOB = JobId.parse('01890000-0000-7000-8000-000000000000')

/** A submission of kind `code` that is ready to run. */
export const aJob = (differences: Partial<NewJob> = {}): NewJob => ({
  kind: 'code',
  title: 'Fix the test',
  payload: { prompt: 'Fix the test' },
  priority: 0,
  labels: [],
  locks: [],
  limits: Limits.parse({}),
  retry: RetryPolicy.parse({}),
  retryOf: null,
  submitter: { name: 'tester', tokenId: 'token' },
  demands: [],
  requestDigest: 'digest',
  ...differences,
})

export const aWorker = (differences: Partial<WorkerIdentity> = {}): WorkerIdentity => ({
  id: randomUUID(),
  bootId: randomUUID(),
  name: 'anvil',
  version: '0.1.0',
  slots: 4,
  kinds: ['code'],
  labels: [],
  offers: [],
  sandbox: 'bubblewrap',
  ...differences,
})

export const aRequest = (
  worker: Partial<WorkerIdentity> = {},
  differences: Partial<ClaimRequest> = {},
): ClaimRequest => ({
  requestId: randomUUID(),
  worker: aWorker(worker),
  leaseMs: LEASE_MS,
  heldBy: 'token-of-worker',
  tokenHash: 'hash-of-secret',
  restrictedTo: null,
  ...differences,
})

export const submitted = async (
  ledger: Ledger,
  differences: Partial<NewJob> = {},
): Promise<JobId> => (await ledger.submit(aJob(differences))).job.id

export const fenceOf = (lease: Claimed): Fence => ({
  jobId: lease.job.id,
  attempt: lease.attempt,
})

/** Claims the next job; fails the test when there is none. */
export async function claimed(
  ledger: Ledger,
  worker: Partial<WorkerIdentity> = {},
): Promise<Fence> {
  const found = await ledger.claim(aRequest(worker))
  if (found === null) throw new Error('there is no job to claim')
  return fenceOf(found)
}

/** The id of the job that a new claim gets, or null. */
export const nextJob = async (
  ledger: Ledger,
  worker: Partial<WorkerIdentity> = {},
): Promise<JobId | null> => (await ledger.claim(aRequest(worker)))?.job.id ?? null

type Succeeded = Extract<Settlement, { kind: 'succeeded' }>
type Failed = Extract<Settlement, { kind: 'failed' }>

export const SUCCEEDED: Succeeded = {
  kind: 'succeeded',
  reason: 'no-change',
  detail: '',
  publication: null,
}
export const FAILED: Failed = { kind: 'failed', reason: 'agent-failed', detail: 'exit 1' }
export const CANCELLED: Settlement = {
  kind: 'cancelled',
  reason: 'cancelled-by-request',
  detail: '',
}

/** The code of the `AppError` that the promise rejects with; `none` when it resolves. */
export async function refusal(answer: Promise<unknown>): Promise<ErrorCode | 'none'> {
  try {
    await answer
    return 'none'
  } catch (error) {
    if (isAppError(error)) return error.code
    throw error
  }
}

/** The types of the job's events, in order. */
export const eventTypes = async (ledger: Ledger, jobId: JobId): Promise<readonly string[]> =>
  (await ledger.events(jobId, 0, 1000)).map((event) => event.type)
