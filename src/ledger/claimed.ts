import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import { Limits } from '../domain/limits.ts'
import type { Continuation, EarlierEnd } from '../domain/work.ts'
import { trialsOf } from './closed.ts'
import { json } from './column.ts'
import { type EarlierJob, readContinuedArtifacts, readEarlierJobs } from './earlier-jobs.ts'
import { readInputs } from './inputs.ts'
import { jobNotFound } from './job-row.ts'
import { readCheckpoints, readIntents, readSession } from './kept-events.ts'
import type { Claimed } from './port.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

const Row = z.object({
  id: JobId,
  kind: z.string(),
  title: z.string(),
  payload: json(z.unknown()),
  limits: json(Limits),
  locks: json(z.array(z.string())),
  submittedBy: z.string().nullable(),
  retryOf: JobId.nullable(),
})

/** Reads everything that a worker needs to start this attempt or to continue an earlier one. */
export async function readClaimed(tx: Tx, fence: Fence, leaseMs: number): Promise<Claimed> {
  const row = await tx.get(
    sql`SELECT id, kind, title, payload, limits, locks, submitted_by AS "submittedBy",
        retry_of AS "retryOf"
      FROM job JOIN payload ON payload.job_id = job.id WHERE job.id = ${fence.jobId}`,
    Row,
  )
  if (row === undefined) throw jobNotFound(fence.jobId)
  const { retryOf, ...job } = row
  return {
    job,
    attempt: fence.attempt,
    leaseMs,
    trials: [...(await trialsOf(tx, fence))],
    checkpoints: await readCheckpoints(tx, fence.jobId),
    intents: await readIntents(tx, fence.jobId),
    inputs: [...(await readInputs(tx, fence.jobId))],
    ended: await readEarlierEnd(tx, fence),
    continues: retryOf === null ? null : await readContinuation(tx, retryOf),
  }
}

/** The parts of an outcome that are useful to the next agent. */
const Outcome = z.object({
  kind: z.string(),
  reason: z.string().optional(),
  detail: z.string().optional(),
})
const Ended = z.object({ outcome: json(Outcome).nullable() })

/** The reason given for an attempt whose stored outcome has no reason. */
const LOST = 'worker-lost'

/** Reads the ending of the newest earlier attempt that started an agent; null if no attempt did. */
async function readEarlierEnd(tx: Tx, { jobId, attempt }: Fence): Promise<EarlierEnd | null> {
  const row = await tx.get(
    sql`SELECT outcome FROM attempt
      WHERE job_id = ${jobId} AND attempt < ${attempt} AND agent_started = 1
        AND ended_at IS NOT NULL
      ORDER BY attempt DESC LIMIT 1`,
    Ended,
  )
  if (row === undefined) return null
  const { kind, reason, detail = '' } = row.outcome ?? { kind: LOST }
  return { reason: reason ?? (kind === 'handed-back' ? kind : LOST), detail }
}

/** Reads what a follow-up job continues from: the newest session, the artifacts and the publication. */
async function readContinuation(tx: Tx, jobId: JobId): Promise<Continuation> {
  const jobs = await readEarlierJobs(tx, jobId)
  const artifacts = (await readContinuedArtifacts(tx, jobs)).map(
    ({ name, digest, size, published }) => ({ name, digest, size, published }),
  )
  const publication = jobs.at(-1)?.publication ?? null
  const session = await readNewestSession(tx, jobs)
  return { jobId, session, artifacts, publication, ...(await readStory(tx, jobId)) }
}

const Story = z.object({
  title: z.string(),
  reason: z.string().nullable(),
  detail: z.string(),
  summary: z.string().nullable(),
})

/** Reads a job's title, ending and summary, for the agent that continues the job. */
async function readStory(
  tx: Tx,
  jobId: JobId,
): Promise<Pick<Continuation, 'title' | 'ended' | 'summary'>> {
  const row = await tx.get(
    sql`SELECT title, reason, detail, summary FROM job WHERE id = ${jobId}`,
    Story,
  )
  // The job has no row if it was deleted after the follow-up was submitted.
  const { title = '', reason = null, detail = '', summary = null } = row ?? {}
  return { title, ended: reason === null ? null : { reason, detail }, summary }
}

async function readNewestSession(tx: Tx, jobs: readonly EarlierJob[]): Promise<string | null> {
  for (const { id } of jobs) {
    const session = await readSession(tx, id)
    if (session !== null) return session
  }
  return null
}
