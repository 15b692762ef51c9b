import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { laneOf } from '../../domain/lane.ts'
import { isTerminal, JobState } from '../../domain/state.ts'
import { appendEvent } from '../append-event.ts'
import { lockJob, lockEachKey, lockRequest } from '../advisory-locks.ts'
import { addInputs } from '../inputs.ts'
import { jobNotFound, readJob } from '../job-row.ts'
import { heldKey } from '../lock-keys.ts'
import { addCallbacks } from '../outbox.ts'
import type { NewJob } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/**
 * Inserts a job and its first event. If the job may start now but another job holds one of its lock
 * keys, parks the new job at once. If the idempotency key was already used for the same request,
 * inserts nothing and returns the job of that request.
 */
export async function submit(
  tx: Tx,
  id: JobId,
  job: NewJob,
): Promise<{ readonly job: Job; readonly created: boolean }> {
  if (job.idempotencyKey !== undefined) await lockRequest(tx, job.idempotencyKey)
  const earlier = await sameRequest(tx, job)
  if (earlier !== undefined) return { job: await readJob(tx, earlier), created: false }
  if (job.retryOf !== null) await checkContinued(tx, job.retryOf)

  const waits = await waitOf(tx, id, job)
  await insertJob(tx, id, job, waits)
  await addInputs(tx, id, job)
  await addCallbacks(tx, id, job.callbacks ?? [])
  await appendEvent(tx, { jobId: id, attempt: null }, { type: 'submitted', retryOf: job.retryOf })
  if (waits.notBefore === null && waits.parkedOn === null) tx.notify({ kind: 'ready' })
  return { job: await readJob(tx, id), created: true }
}

/** What a new job waits for: a time (epoch ms), a key that another job holds, or nothing. */
type Wait = { readonly notBefore: number | null; readonly parkedOn: string | null }

async function waitOf(tx: Tx, id: JobId, { notBefore = 0, locks }: NewJob): Promise<Wait> {
  await lockEachKey(tx, sorted(locks))
  if (notBefore > tx.now) return { notBefore, parkedOn: null }
  return { notBefore: null, parkedOn: (await heldKey(tx, id, sorted(locks))) ?? null }
}

async function insertJob(
  tx: Tx,
  id: JobId,
  job: NewJob,
  { notBefore, parkedOn }: Wait,
): Promise<void> {
  const inserted = await tx.run(sql`
    INSERT INTO job (
      id, kind, title, search, priority, labels, locks, lane, demands, limits, retry,
      idempotency_key, request_digest, retry_of, state, not_before, parked_on, created_at,
      submitted_by, origin, group_name, hold_until
    ) VALUES (
      ${id}, ${job.kind}, ${job.title}, ${`${job.title} ${id}`.toLowerCase()}, ${job.priority},
      ${JSON.stringify(sorted(job.labels))}, ${JSON.stringify(sorted(job.locks))}, ${laneOf(job)},
      ${JSON.stringify(sorted(job.demands))}, ${JSON.stringify(job.limits)},
      ${JSON.stringify(job.retry)}, ${job.idempotencyKey ?? null}, ${job.requestDigest},
      ${job.retryOf}, 'queued', ${notBefore}, ${parkedOn}, ${tx.now}, ${job.submitter.name},
      ${job.origin ?? null}, ${job.group ?? null}, ${job.holdUntil ?? null}
    ) ON CONFLICT (id) DO NOTHING`)
  if (inserted === 0) {
    throw new AppError('job-exists', `Job ${id} already exists.`, { details: { job: id } })
  }
  // JSON has no `undefined`, so a missing payload is stored as null.
  const payload = JSON.stringify(job.payload ?? null)
  await tx.run(sql`INSERT INTO payload (job_id, payload) VALUES (${id}, ${payload})`)
}

const Earlier = z.object({ id: JobId, digest: z.string() })

async function sameRequest(tx: Tx, job: NewJob): Promise<JobId | undefined> {
  if (job.idempotencyKey === undefined) return undefined
  const earlier = await tx.get(
    sql`SELECT id, request_digest AS digest FROM job
      WHERE idempotency_key = ${job.idempotencyKey}`,
    Earlier,
  )
  if (earlier === undefined || earlier.digest === job.requestDigest) return earlier?.id
  throw new AppError(
    'idempotency-conflict',
    `The idempotency key "${job.idempotencyKey}" belongs to job ${earlier.id}, which was ` +
      `submitted with a different request.`,
    { details: { job: earlier.id } },
  )
}

const State = z.object({ state: JobState })

/**
 * Throws if the job to continue has not ended. Locks that job, so that `forget` cannot delete it
 * during this transaction.
 */
async function checkContinued(tx: Tx, jobId: JobId): Promise<void> {
  await lockJob(tx, jobId)
  const earlier = await tx.get(sql`SELECT state FROM job WHERE id = ${jobId}`, State)
  if (earlier === undefined) throw jobNotFound(jobId)
  if (isTerminal(earlier.state)) return
  throw new AppError(
    'job-not-terminal',
    `Job ${jobId} has not ended; its state is ${earlier.state}.`,
    {
      details: { job: jobId, state: earlier.state },
    },
  )
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted()
