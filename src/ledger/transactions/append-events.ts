import { AppError } from '../../domain/errors.ts'
import type { WorkerEvent } from '../../domain/event.ts'
import type { Fence } from '../../domain/lease.ts'
import { appendEvent } from '../append-event.ts'
import { reopenReached } from '../closed.ts'
import { currentAttempt } from '../current-attempt.ts'
import { lockJob } from '../advisory-locks.ts'
import { sql } from '../sql.ts'
import { saveUsage } from '../total-usage.ts'
import type { Tx } from '../transaction.ts'

/** Maximum number of worker events per attempt. A worker that reports more has a bug. */
const EVENTS_MAX = 100_000

/** Appends worker events to the attempt. Skips those that are already recorded. */
export async function appendEvents(
  tx: Tx,
  fence: Fence,
  from: number,
  events: readonly WorkerEvent[],
): Promise<void> {
  await lockJob(tx, fence.jobId)
  const { eventCount } = await currentAttempt(tx, fence, 'renew')
  if (from > eventCount + 1) {
    throw new AppError('log-gap', `Events ${eventCount + 1} to ${from - 1} are missing.`, {
      details: { expected: eventCount + 1 },
    })
  }
  const unknown = events.slice(eventCount + 1 - from)
  if (eventCount + unknown.length > EVENTS_MAX) {
    throw new AppError('request-invalid', `An attempt may report at most ${EVENTS_MAX} events.`)
  }
  for (const event of unknown) {
    await appendEvent(tx, fence, event)
    await apply(tx, fence, event)
  }
  await tx.run(sql`
    UPDATE attempt SET told = ${eventCount + unknown.length}
    WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
}

/** Updates the job and attempt columns that this event changes. */
async function apply(tx: Tx, fence: Fence, event: WorkerEvent): Promise<void> {
  if (event.type === 'usage') await saveUsage(tx, fence, event.usage)
  if (event.type === 'reached') await reopenReached(tx, fence, event.key)
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
