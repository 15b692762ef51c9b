import { z } from 'zod'
import { Checkpoint, type LedgerEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import { PublicationIntent } from '../domain/outcome.ts'
import { json } from './column.ts'
import { newestPerStep } from './fold.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

const CheckpointRow = z.object({ body: json(z.object({ checkpoint: Checkpoint })) })
const IntentRow = z.object({ body: json(z.object({ intent: PublicationIntent })) })
const SessionRow = z.object({ body: json(z.object({ session: z.string() })) })

/** The newest checkpoint of each step, in the order in which they were made. */
export async function readCheckpoints(tx: Tx, jobId: JobId): Promise<Checkpoint[]> {
  const rows = await tx.all(keptOf(jobId, 'checkpoint'), CheckpointRow)
  return newestPerStep(rows.map((row) => row.body.checkpoint))
}

/** All publication intents of the job, oldest first. */
export async function readIntents(tx: Tx, jobId: JobId): Promise<PublicationIntent[]> {
  const rows = await tx.all(keptOf(jobId, 'publication-intended'), IntentRow)
  return rows.map((row) => row.body.intent)
}

/** The agent session told last, or null. */
export async function readSession(tx: Tx, jobId: JobId): Promise<string | null> {
  const rows = await tx.all(keptOf(jobId, 'agent-session'), SessionRow)
  return rows.at(-1)?.body.session ?? null
}

type KeptType =
  | 'agent-session'
  | Extract<LedgerEvent['type'], 'checkpoint' | 'publication-intended'>

const keptOf = (jobId: JobId, type: KeptType) => sql`
  SELECT body FROM event WHERE kept_for = ${jobId} AND type = ${type} ORDER BY seq`
