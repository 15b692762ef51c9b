import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { Checkpoint } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import { PublicationIntent } from '../domain/publication.ts'
import { json } from './column.ts'
import { newestPerStep } from './fold.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Maximum number of events of each of these types per job. They are limited because a claim reads
 * all of them and sends them to the worker, and a job can have a hundred attempts.
 */
const KEPT_MAX = { checkpoint: 1000, 'publication-intended': 300 } as const

const CheckpointRow = z.object({ body: json(z.object({ checkpoint: Checkpoint })) })
const IntentRow = z.object({ body: json(z.object({ intent: PublicationIntent })) })
const SessionRow = z.object({ body: json(z.object({ session: z.string() })) })

/** The newest checkpoint of each step, in the order in which they were made. */
export async function readCheckpoints(tx: Tx, jobId: JobId): Promise<Checkpoint[]> {
  const rows = await tx.all(keptOf(jobId, 'checkpoint'), CheckpointRow)
  return newestPerStep(rows.map((row) => row.body.checkpoint))
}

/** All checkpoints of one attempt, oldest first. */
export async function checkpointsOf(tx: Tx, { jobId, attempt }: Fence): Promise<Checkpoint[]> {
  const rows = await tx.all(
    sql`SELECT body FROM event
      WHERE kept_for = ${jobId} AND type = 'checkpoint' AND attempt = ${attempt} ORDER BY seq`,
    CheckpointRow,
  )
  return rows.map((row) => row.body.checkpoint)
}

/** All publication intents of the job, oldest first. */
export async function readIntents(tx: Tx, jobId: JobId): Promise<PublicationIntent[]> {
  const rows = await tx.all(keptOf(jobId, 'publication-intended'), IntentRow)
  return rows.map((row) => row.body.intent)
}

/** The id of the job's most recently reported agent session, or null if none was reported. */
export async function readSession(tx: Tx, jobId: JobId): Promise<string | null> {
  const row = await tx.get(
    sql`SELECT body FROM event WHERE kept_for = ${jobId} AND type = 'agent-session'
      ORDER BY seq DESC LIMIT 1`,
    SessionRow,
  )
  return row?.body.session ?? null
}

const Count = z.object({ count: z.int() })

/** Throws `request-invalid` if the job already has the maximum number of events of this type. */
export async function refuseTooMany(
  tx: Tx,
  jobId: JobId,
  type: keyof typeof KEPT_MAX,
): Promise<void> {
  const found = await tx.get(
    sql`SELECT count(*) AS count FROM event WHERE kept_for = ${jobId} AND type = ${type}`,
    Count,
  )
  const most = KEPT_MAX[type]
  if ((found?.count ?? 0) < most) return
  throw new AppError('request-invalid', `A job may have at most ${most} "${type}" events.`)
}

const keptOf = (jobId: JobId, type: keyof typeof KEPT_MAX) => sql`
  SELECT body FROM event WHERE kept_for = ${jobId} AND type = ${type} ORDER BY seq`
