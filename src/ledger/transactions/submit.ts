import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { isTerminal, JobState } from '../../domain/state.ts'
import { appendEvent } from '../append-event.ts'
import { holdJob, holdKeys, holdRequest } from '../hold.ts'
import { jobNotFound, readJob } from '../job-row.ts'
import { laneOf } from '../lane.ts'
import { heldKey } from '../lock-keys.ts'
import { addCallbacks } from '../outbox.ts'
import type { NewJob } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Appends a job and its first event, parked at once when another job holds one of its keys. */
export async function submit(
  tx: Tx,
  id: JobId,
  job: NewJob,
): Promise<{ readonly job: Job; readonly created: boolean }> {
  if (job.idempotencyKey !== undefined) await holdRequest(tx, job.idempotencyKey)
  const earlier = await sameRequest(tx, job)
  if (earlier !== undefined) return { job: await readJob(tx, earlier), created: false }
  if (job.retryOf !== null) await checkContinued(tx, job.retryOf)

  const labels = sorted(job.labels)
  const locks = sorted(job.locks)
  await holdKeys(tx, locks)
  const parkedOn = (await heldKey(tx, id, locks)) ?? null
  await tx.run(sql`
    INSERT INTO job (
      id, kind, title, search, priority, labels, locks, lane, limits, retry,
      idempotency_key, request_digest, retry_of, state, parked_on, created_at,
      submitted_by, origin, group_name, demands, hold_until
    ) VALUES (
      ${id}, ${job.kind}, ${job.title}, ${`${job.title} ${id}`.toLowerCase()}, ${job.priority},
      ${JSON.stringify(labels)}, ${JSON.stringify(locks)}, ${laneOf(job.kind, labels)},
      ${JSON.stringify(job.limits)}, ${JSON.stringify(job.retry)},
      ${job.idempotencyKey ?? null}, ${job.requestDigest}, ${job.retryOf}, 'queued', ${parkedOn},
      ${tx.now}, ${job.submitter.name}, ${job.origin ?? null}, ${job.group ?? null},
      ${JSON.stringify(sorted(job.demands))}, ${job.holdUntil ?? null}
    )`)
  // A payload of `undefined` is no JSON; it is stored as what JSON makes of it elsewhere.
  const payload = JSON.stringify(job.payload ?? null)
  await tx.run(sql`INSERT INTO payload (job_id, payload) VALUES (${id}, ${payload})`)
  await addCallbacks(tx, id, job.callbacks ?? [])
  await appendEvent(tx, { jobId: id, attempt: null }, { type: 'submitted', retryOf: job.retryOf })
  if (parkedOn === null) tx.signal({ kind: 'ready' })
  return { job: await readJob(tx, id), created: true }
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
    `The idempotency key ${job.idempotencyKey} belongs to job ${earlier.id}, which was asked for ` +
      `with another body.`,
    { details: { job: earlier.id } },
  )
}

const State = z.object({ state: JobState })

/** Held, so that it is not forgotten just now. */
async function checkContinued(tx: Tx, jobId: JobId): Promise<void> {
  await holdJob(tx, jobId)
  const earlier = await tx.get(sql`SELECT state FROM job WHERE id = ${jobId}`, State)
  if (earlier === undefined) throw jobNotFound(jobId)
  if (isTerminal(earlier.state)) return
  throw new AppError('job-not-terminal', `Job ${jobId} is still ${earlier.state}.`, {
    details: { job: jobId, state: earlier.state },
  })
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted()
