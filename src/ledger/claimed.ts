import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import { Limits } from '../domain/limits.ts'
import { PublicationOrNone } from '../domain/publication.ts'
import { Continuation } from '../domain/work.ts'
import { probesOf } from './closed.ts'
import { json } from './column.ts'
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
  retryOf: JobId.nullable(),
})

/** Reads everything that a worker needs to start this attempt or to continue an earlier one. */
export async function readClaimed(tx: Tx, fence: Fence, leaseMs: number): Promise<Claimed> {
  const row = await tx.get(
    sql`SELECT id, kind, title, payload, limits, locks, retry_of AS "retryOf"
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

const Earlier = z.object({ publication: json(PublicationOrNone).nullable() })
const Artifact = Continuation.shape.artifacts.element

/**
 * Reads what a follow-up job continues from: the earlier job's last agent session, its publication,
 * and the newest artifact of each name.
 */
async function readContinuation(tx: Tx, jobId: JobId): Promise<Continuation> {
  const earlier = await tx.get(sql`SELECT publication FROM job WHERE id = ${jobId}`, Earlier)
  const artifacts = await tx.all(
    sql`SELECT name, digest, size FROM artifact
      WHERE job_id = ${jobId} AND attempt = (
        SELECT max(newest.attempt) FROM artifact AS newest
        WHERE newest.job_id = artifact.job_id AND newest.name = artifact.name
      )
      ORDER BY name`,
    Artifact,
  )
  const session = await readSession(tx, jobId)
  return { jobId, session, artifacts: [...artifacts], publication: earlier?.publication ?? null }
}
