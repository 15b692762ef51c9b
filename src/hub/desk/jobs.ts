import type { InputFile } from '../../domain/input.ts'
import type { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import type { UserPrincipal } from '../../domain/principal.ts'
import type { Totals } from '../../domain/totals.ts'
import type { JobPage } from '../../ledger/job-page.ts'
import type { HubState } from '../context.ts'
import { type Page, readPage } from './page.ts'

export const readJob = ({ ledger }: HubState, jobId: JobId): Promise<Job> => ledger.job(jobId)

/** Lists jobs, newest first. */
export const listJobs = ({ ledger }: HubState, page: JobPage): Promise<Page<Job>> =>
  readPage(page.limit, (limit) => ledger.jobs({ ...page, limit }))

/** Counts a group's jobs by state and sums their usage. */
export const groupTotals = ({ ledger }: HubState, group: string): Promise<Totals> =>
  ledger.totals(group)

/** Lists a job's input files, ordered by name. Throws `job-not-found`. */
export async function listInputs(
  { ledger }: HubState,
  jobId: JobId,
): Promise<readonly InputFile[]> {
  const job = await ledger.job(jobId)
  return ledger.inputs(job.id)
}

/** Cancels a job at once if it is not running; otherwise asks its worker to stop. */
export const cancelJob = ({ ledger }: HubState, jobId: JobId, by: UserPrincipal): Promise<Job> =>
  ledger.requestCancel(jobId, by.name)

/**
 * Resumes a paused job. If the job is queued instead and waits for a closed resource, such as a git
 * host, lets the next claim try the resource now.
 */
export async function resumeJob(
  { ledger }: HubState,
  jobId: JobId,
  by: UserPrincipal,
): Promise<Job> {
  return (await ledger.tryNow(jobId)) ? ledger.job(jobId) : ledger.resume(jobId, by.name)
}

/** Extends a job's hold until a time (epoch ms). Only the job's submitter may do this. */
export const extendHold = (
  { ledger }: HubState,
  jobId: JobId,
  until: number,
  by: UserPrincipal,
): Promise<Job> => ledger.extendHold(jobId, until, by.name)
