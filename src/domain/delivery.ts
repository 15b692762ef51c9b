import { z } from 'zod'
import { CallbackEvent, DeliveryId, DeliveryState } from './callback.ts'
import { JobId } from './id.ts'
import { Job } from './job.ts'

const At = z.int().min(0)

/** A job as receivers are told of it: all of it bounded, and neither payload nor settings. */
export const ToldJob = z.object(
  Job.pick({
    id: true,
    kind: true,
    title: true,
    state: true,
    reason: true,
    detail: true,
    labels: true,
    attempt: true,
    failures: true,
    worker: true,
    notBefore: true,
    resumeAt: true,
    publication: true,
    summary: true,
    usage: true,
    retryOf: true,
    createdAt: true,
    startedAt: true,
    endedAt: true,
  }).shape,
)
export type ToldJob = z.infer<typeof ToldJob>

/** The body of a message, in the form that standardwebhooks.com recommends. */
export type CallbackBody = {
  readonly type: `job.${CallbackEvent}`
  /** When it happened (ISO 8601). */
  readonly timestamp: string
  readonly data: {
    /** Number of the event: messages may arrive in another order than the events. */
    readonly seq: number
    /** The job as it was at that event. */
    readonly job: ToldJob
  }
}

/** One message to one receiver and how far it got. */
export const Delivery = z.strictObject({
  id: DeliveryId,
  jobId: JobId,
  seq: z.int().min(1).describe('The event it tells of'),
  event: CallbackEvent,
  url: z.string(),
  state: DeliveryState,
  tries: z.int().min(0).describe('Since it was made or sent again by hand'),
  nextAt: At.nullable().describe('When it is tried next'),
  status: z.int().nullable().describe('What the receiver answered last'),
  error: z.string().nullable().describe('Why there was no answer, the last time'),
  createdAt: At,
  endedAt: At.nullable(),
})
export type Delivery = z.infer<typeof Delivery>
