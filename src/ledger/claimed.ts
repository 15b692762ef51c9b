import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import { Limits } from '../domain/limits.ts'
import type { Continuation } from '../domain/work.ts'
import { probesOf } from './closed.ts'
import { json } from './column.ts'
import { type EarlierJob, readEarlierArtifacts, readEarlierJobs } from './earlier-jobs.ts'
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
    probes: [...(await probesOf(tx, fence))],
    checkpoints: await readCheckpoints(tx, fence.jobId),
    intents: await readIntents(tx, fence.jobId),
    inputs: [...(await readInputs(tx, fence.jobId))],
    continues: retryOf === null ? null : await readContinuation(tx, retryOf),
  }
}

/** Reads what a follow-up job continues from: the newest session, the artifacts and the publication. */
async function readContinuation(tx: Tx, jobId: JobId): Promise<Continuation> {
  const jobs = await readEarlierJobs(tx, jobId)
  const artifacts = (await readEarlierArtifacts(tx, jobs)).map(
    ({ name, digest, size, published }) => ({ name, digest, size, published }),
  )
  const publication = jobs.at(-1)?.publication ?? null
  return { jobId, session: await readNewestSession(tx, jobs), artifacts, publication }
}

async function readNewestSession(tx: Tx, jobs: readonly EarlierJob[]): Promise<string | null> {
  for (const { id } of jobs) {
    const session = await readSession(tx, id)
    if (session !== null) return session
  }
  return null
}
