import { z } from 'zod'
import { Evidence } from './evidence.ts'
import { Fence } from './lease.ts'
import { Deferral, PauseReason, Settlement, Usage } from './outcome.ts'
import { Resource } from './resource.ts'

const At = z.int().min(0).describe('Milliseconds since the epoch, by the worker’s clock')

/** The artifact `report.json`: the task of one attempt, what the attempt did, and how it ended. */
export const ReportFile = z
  .strictObject({
    ...Fence.shape,
    kind: z.string(),
    title: z.string(),
    submittedBy: z
      .string()
      .nullable()
      .describe('Name of the token that submitted the job; null if the hub did not say'),
    payload: z
      .json()
      .describe('The job as submitted. For a `code` job: prompt, agent, model, checks, publish'),
    startedAt: At,
    endedAt: At,
    outcome: z.union([
      Settlement,
      z.strictObject({
        kind: z.literal('paused'),
        reason: PauseReason,
        detail: z.string(),
        resumeAt: z.int().optional(),
        closed: Resource.optional(),
      }),
      z.strictObject({ kind: z.literal('deferred'), ...Deferral.shape }),
      z.strictObject({ kind: z.literal('handed-back') }),
    ]),
    ...Evidence.shape,
    usage: Usage.nullable().describe('null if the attempt had no access to a model'),
    artifacts: z
      .array(z.string())
      .describe('Names of the artifacts that the attempt kept before this report'),
  })
  .describe('The task of one attempt at a job, what the attempt did, and how it ended')
export type ReportFile = z.infer<typeof ReportFile>
