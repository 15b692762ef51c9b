import type { InputFile } from '../../domain/input.ts'
import type { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import type { UserPrincipal } from '../../domain/principal.ts'
import type { JobPage } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { type Page, readPage } from './page.ts'

export const readJob = ({ ledger }: HubState, jobId: JobId): Promise<Job> => ledger.job(jobId)

/** Jobs, newest first. */
export const listJobs = ({ ledger }: HubState, page: JobPage): Promise<Page<Job>> =>
  readPage(page.limit, (limit) => ledger.jobs({ ...page, limit }))

/** The input files of a job, by name. Throws `job-not-found`. */
export async function listInputs(
  { ledger }: HubState,
  jobId: JobId,
): Promise<readonly InputFile[]> {
  const job = await ledger.job(jobId)
  return ledger.inputs(job.id)
}

/** Cancels a waiting job at once; requests a running one to stop. */
export const cancelJob = ({ ledger }: HubState, jobId: JobId, by: UserPrincipal): Promise<Job> =>
  ledger.requestCancel(jobId, by.name)

export const resumeJob = ({ ledger }: HubState, jobId: JobId, by: UserPrincipal): Promise<Job> =>
  ledger.resume(jobId, by.name)

/** Allows a job to publish until a later time (epoch ms). Only its submitter may extend the hold. */
export const extendHold = (
  { ledger }: HubState,
  jobId: JobId,
  until: number,
  by: UserPrincipal,
): Promise<Job> => ledger.extendHold(jobId, until, by.name)
