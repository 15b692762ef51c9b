import { z } from 'zod'
import { CallbackEvent, DeliveryId, DeliveryState } from './callback.ts'
import { JobId } from './id.ts'
import { Job } from './job.ts'

const At = z.int().min(0)

/**
 * The part of a job that is sent to callbacks. It omits payload and settings, because they can be
 * large.
 */
export const CallbackJob = z.object(
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
export type CallbackJob = z.infer<typeof CallbackJob>

/** The body of a message, in the format that standardwebhooks.com recommends. */
export type CallbackBody = {
  readonly type: `job.${CallbackEvent}`
  /** When the event happened (ISO 8601). */
  readonly timestamp: string
  readonly data: {
    /** The event's number. Messages may arrive out of order; sort them by this number. */
    readonly seq: number
    /** The job as it was right after the event. */
    readonly job: CallbackJob
  }
}

/** One message to one receiver, and the state of its delivery. */
export const Delivery = z.strictObject({
  id: DeliveryId,
  jobId: JobId,
  seq: z.int().min(1).describe('The number of the event'),
  event: CallbackEvent,
  url: z.string(),
  state: DeliveryState,
  tries: z
    .int()
    .min(0)
    .describe('Number of tries since the delivery was created or was last redelivered manually'),
  nextAt: At.nullable().describe('When the next try is due'),
  status: z.int().nullable().describe('HTTP status of the last response'),
  error: z.string().nullable().describe('Why the last try got no response'),
  createdAt: At,
  endedAt: At.nullable(),
})
export type Delivery = z.infer<typeof Delivery>
