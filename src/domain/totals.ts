import { z } from 'zod'
import type { Job } from './job.ts'
import { JobState } from './state.ts'
import { addUsage, NO_USAGE, sumOfJob, UsageSum } from './usage-report.ts'

/**
 * A summary of jobs. A job that another job continues, such as a failed job that was retried, is
 * counted in `continued` and not under its state. A job and its retries therefore count once in
 * `jobs`, under the state of the newest. The usage includes the continued jobs.
 */
export const Totals = z.object({
  jobs: z
    .record(JobState, z.int().min(0))
    .describe('Number of jobs in each state, without those that another job continues'),
  continued: z.int().min(0).describe('Number of jobs that another job continues'),
  waitingForPerson: z
    .int()
    .min(0)
    .describe('Number of paused jobs that stay paused until a person resumes them'),
  usage: UsageSum.describe('Sum over all jobs, including those that another job continues'),
})
export type Totals = z.infer<typeof Totals>

/** The totals of no jobs. */
export const NO_TOTALS: Totals = {
  jobs: { queued: 0, running: 0, paused: 0, succeeded: 0, failed: 0, cancelled: 0 },
  continued: 0,
  waitingForPerson: 0,
  usage: NO_USAGE,
}

/** The totals of one job that no other job continues. */
export const totalsOf = ({ state, resumeAt, usage }: Job): Totals => ({
  ...NO_TOTALS,
  jobs: { ...NO_TOTALS.jobs, [state]: 1 },
  waitingForPerson: state === 'paused' && resumeAt === null ? 1 : 0,
  usage: sumOfJob(usage),
})

/** Adds the totals of two sets of jobs. */
export function addTotals(one: Totals, other: Totals): Totals {
  const { jobs } = one
  return {
    jobs: {
      queued: jobs.queued + other.jobs.queued,
      running: jobs.running + other.jobs.running,
      paused: jobs.paused + other.jobs.paused,
      succeeded: jobs.succeeded + other.jobs.succeeded,
      failed: jobs.failed + other.jobs.failed,
      cancelled: jobs.cancelled + other.jobs.cancelled,
    },
    continued: one.continued + other.continued,
    waitingForPerson: one.waitingForPerson + other.waitingForPerson,
    usage: addUsage(one.usage, other.usage),
  }
}

/** The number of jobs that will continue without a person: queued, running, or resuming later. */
export const unfinished = ({ jobs, waitingForPerson }: Totals): number =>
  jobs.queued + jobs.running + jobs.paused - waitingForPerson
