import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import type { Clock } from '../../platform/clock.ts'
import type { HubClient } from '../../protocol/client.ts'
import type { HubOutage } from '../../protocol/hub-outage.ts'
import { eachOf } from '../each-of.ts'
import { CREATED } from '../report-submitted.ts'
import { submitWithInputs, type UploadWatch } from '../submit-with-inputs.ts'
import type { Placed } from './placed.ts'
import type { Prepared } from './prepared.ts'

const RETRY_MS = 1000

/** The result of submitting a batch. */
export type Sent = {
  /** The ids of the submitted jobs, in the order of the batch. */
  readonly ids: readonly JobId[]
  /** How many of these jobs are new; the others were submitted by an earlier call. */
  readonly created: number
}

type Link = {
  readonly client: HubClient
  readonly clock: Pick<Clock, 'sleep'>
  readonly outage: HubOutage
}

/**
 * Submits jobs, several at a time. Retries during an outage of the hub, which is safe because each
 * job has an idempotency key. Stops when the signal aborts. Throws the hub's errors with the place
 * of the refused job and the number of jobs submitted before it.
 * @param count called after each job, with the number of jobs submitted so far
 */
export async function sendAll(
  link: Link,
  jobs: readonly Placed<Prepared>[],
  count: (done: number) => void,
  signal: AbortSignal,
): Promise<Sent> {
  const accepted = new Map<number, { readonly status: number; readonly answer: Job }>()
  await eachOf(jobs.entries(), async ([index, { place, value }]) => {
    try {
      const answer = await sendOne(link, value, signal)
      if (answer === null) return
      accepted.set(index, answer)
      count(accepted.size)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const { code, message, details } = error
      const done = `${accepted.size} of ${jobs.length} jobs were submitted before this error`
      throw new AppError(code, `${place}: ${message}\n  ${done}`, { details, cause: error })
    }
  })
  const inOrder = [...accepted].toSorted(([one], [other]) => one - other)
  return {
    ids: inOrder.map(([, { answer }]) => answer.id),
    created: inOrder.filter(([, { status }]) => status === CREATED).length,
  }
}

/** Submits one job, and retries during an outage of the hub. Returns null if the signal aborts. */
async function sendOne(
  { client, clock, outage }: Link,
  { body, inputs }: Prepared,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly answer: Job } | null> {
  while (!signal.aborted) {
    try {
      const accepted = await submitWithInputs(client, body, inputs, () => UNWATCHED)
      outage.over()
      return accepted
    } catch (error) {
      outage.failed(error)
      await clock.sleep(RETRY_MS, signal)
    }
  }
  return null
}

const UNWATCHED: UploadWatch = { sent: () => {}, [Symbol.dispose]: () => {} }
