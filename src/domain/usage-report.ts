import { z } from 'zod'
import type { Usage } from './outcome.ts'

/** The properties by which a usage report can group jobs. */
export const UsageBy = z.enum([
  'day',
  'label',
  'repository',
  'agent',
  'model',
  'submitter',
  'group',
])
export type UsageBy = z.infer<typeof UsageBy>

/** Maximum number of rows of a report. */
export const USAGE_ROWS_MAX = 1000

const count = z.int().min(0)

/** The model usage of a set of jobs. */
export const UsageSum = z.object({
  jobs: count,
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  costUsd: z.number().min(0).describe('Sum of the costs that are known'),
  unknownCosts: count.describe('Number of jobs that used a model and whose cost is not known'),
  replayed: count.describe('Number of jobs with responses from a recording or a script'),
})
export type UsageSum = Readonly<z.infer<typeof UsageSum>>

/** The usage of an empty set of jobs. */
export const NO_USAGE: UsageSum = {
  jobs: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  unknownCosts: 0,
  replayed: 0,
}

/** The usage of one job. */
export const sumOfJob = (usage: Usage | null): UsageSum =>
  usage === null
    ? { ...NO_USAGE, jobs: 1 }
    : {
        jobs: 1,
        inputTokens: usage.inputTokens,
        cachedInputTokens: usage.cachedInputTokens,
        outputTokens: usage.outputTokens,
        costUsd: usage.costUsd === 'unknown' ? 0 : usage.costUsd,
        unknownCosts: usage.costUsd === 'unknown' && usage.requests > 0 ? 1 : 0,
        replayed: usage.replayed ? 1 : 0,
      }

/** Adds the usage of two sets of jobs. */
export const addUsage = (one: UsageSum, other: UsageSum): UsageSum => ({
  jobs: one.jobs + other.jobs,
  inputTokens: one.inputTokens + other.inputTokens,
  cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  costUsd: one.costUsd + other.costUsd,
  unknownCosts: one.unknownCosts + other.unknownCosts,
  replayed: one.replayed + other.replayed,
})

export const UsageReport = z.object({
  by: UsageBy,
  rows: z
    .array(UsageSum.extend({ key: z.string().nullable() }))
    .describe(
      `At most ${USAGE_ROWS_MAX} rows: days in order, other rows by cost, highest first. A job with several labels counts in the row of each label. The row with the key null is for jobs without a key`,
    ),
  rowsLeftOut: count,
  total: UsageSum.describe('Sum over all jobs; each job counts once'),
})
export type UsageReport = Readonly<z.infer<typeof UsageReport>>
