import { z } from 'zod'
import { Checkpoint } from './event.ts'
import { JobId } from './id.ts'
import { InputFile } from './input.ts'
import { Limits } from './limits.ts'
import { PublicationIntent, PublicationOrNone } from './publication.ts'

/** The part of a job that its kind sees. */
export const Work = z.object({
  id: JobId,
  kind: z.string(),
  title: z.string(),
  payload: z.unknown(),
  limits: Limits,
})
export type Work = z.infer<typeof Work>

/** How earlier work ended. It tells the agent that continues this work what was tried. */
export const EarlierEnd = z.object({
  /** A reason code. A newer hub may send one that this worker does not know. */
  reason: z.string(),
  detail: z.string(),
})
export type EarlierEnd = z.infer<typeof EarlierEnd>

/**
 * What a follow-up continues. The earlier jobs are the job that it continues, the job that this one
 * continues, and so on, up to and including the first that published.
 */
export const Continuation = z.object({
  jobId: JobId,
  session: z.string().max(200).nullable(),
  /** For each artifact name, the newest artifact that the earlier jobs kept. */
  artifacts: z.array(
    z.object({
      name: z.string(),
      digest: z.string(),
      size: z.int(),
      /**
       * Whether the job that kept the artifact published. Older hubs do not send it, and send the
       * artifacts and the publication of one job.
       */
      published: z.boolean().optional(),
    }),
  ),
  publication: PublicationOrNone,
  // The next three members are about the job `jobId`. Older hubs do not send them.
  title: z.string().default(''),
  ended: EarlierEnd.nullable().default(null),
  /** The last message of the job's agent; null if there is none. */
  summary: z.string().nullable().default(null),
})
export type Continuation = z.infer<typeof Continuation>

/**
 * What an attempt starts from: results of earlier attempts, the earlier job that this job
 * continues, and the job's inputs.
 */
export const Earlier = z.object({
  /** The newest checkpoint of each step, from earlier attempts at this job. */
  checkpoints: z.array(Checkpoint),
  /** The intents to publish that earlier attempts recorded, oldest first. */
  intents: z.array(PublicationIntent),
  /**
   * How the newest earlier attempt in which an agent ran ended; null if there is none. Older hubs do
   * not send it.
   */
  ended: EarlierEnd.nullable().default(null),
  continues: Continuation.nullable(),
  /** The job's inputs. `AttemptReport.fetchInput` downloads the bytes of each. */
  inputs: z.array(InputFile),
})
export type Earlier = z.infer<typeof Earlier>
