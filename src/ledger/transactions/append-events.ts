import { AppError } from '../../domain/errors.ts'
import type { WorkerEvent } from '../../domain/event.ts'
import type { Fence } from '../../domain/lease.ts'
import { appendEvent } from '../append-event.ts'
import { currentAttempt } from '../current-attempt.ts'
import { lockJob } from '../advisory-locks.ts'
import { sql } from '../sql.ts'
import { saveUsage } from '../total-usage.ts'
import type { Tx } from '../transaction.ts'

/** Events one attempt may tell; a worker that tells more has gone wrong. */
const TOLD_MAX = 100_000

/** Appends what a worker tells of its attempt; what it told before is skipped. */
export async function appendEvents(
  tx: Tx,
  fence: Fence,
  from: number,
  events: readonly WorkerEvent[],
): Promise<void> {
  await lockJob(tx, fence.jobId)
  const { told } = await currentAttempt(tx, fence, 'renew')
  if (from > told + 1) {
    throw new AppError('log-gap', `Events ${told + 1} to ${from - 1} are missing.`, {
      details: { expected: told + 1 },
    })
  }
  const unknown = events.slice(told + 1 - from)
  if (told + unknown.length > TOLD_MAX) {
    throw new AppError('request-invalid', `An attempt may tell at most ${TOLD_MAX} events.`)
  }
  for (const event of unknown) {
    await appendEvent(tx, fence, event)
    await apply(tx, fence, event)
  }
  await tx.run(sql`
    UPDATE attempt SET told = ${told + unknown.length}
    WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
}

/** What of an event shows in the job itself. */
async function apply(tx: Tx, fence: Fence, event: WorkerEvent): Promise<void> {
  if (event.type === 'usage') await saveUsage(tx, fence, event.usage)
  if (event.type === 'step-started') {
    await tx.run(sql`UPDATE attempt SET step = ${event.step}
      WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
  }
  if (event.type === 'agent-started') {
    await tx.run(sql`UPDATE attempt SET agent_started = 1
      WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
  }
  if (event.type === 'published') {
    await tx.run(sql`UPDATE job SET publication = ${JSON.stringify(event.publication)}
      WHERE id = ${fence.jobId}`)
  }
}
