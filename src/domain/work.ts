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

/** How an earlier attempt or job ended. The agent that continues its work is shown this. */
export const EarlierEnd = z.object({
  /** A reason code. A newer hub may send a code that this worker does not know. */
  reason: z.string(),
  detail: z.string(),
})
export type EarlierEnd = z.infer<typeof EarlierEnd>

/**
 * What a follow-up continues. "The earlier jobs" are the job that the follow-up continues, the job
 * which that job continues, and so on, back to and including the newest job that published.
 */
export const Continuation = z.object({
  jobId: JobId,
  session: z.string().max(200).nullable(),
  /**
   * For each artifact name, the newest artifact that the earlier jobs kept: either uploaded or,
   * with the prefix SALVAGE, salvaged. Older hubs send both an uploaded and a salvaged artifact;
   * either of them may be the newer.
   */
  artifacts: z.array(
    z.object({
      name: z.string(),
      digest: z.string(),
      size: z.int(),
      /**
       * Whether the job that kept the artifact published. Older hubs omit this member, and send the
       * artifacts and the publication of one job only.
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
   * The ending of the newest earlier attempt that started an agent; null if no attempt did. Older hubs
   * omit this member.
   */
  ended: EarlierEnd.nullable().default(null),
  continues: Continuation.nullable(),
  /** The job's inputs. `AttemptReport.fetchInput` downloads the bytes of each. */
  inputs: z.array(InputFile),
})
export type Earlier = z.infer<typeof Earlier>
