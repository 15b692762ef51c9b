import { AppError } from '../domain/errors.ts'
import { JobId } from '../domain/id.ts'
import type { HubClient } from '../protocol/client.ts'

/** The help text of the argument. */
export const JOB_HELP = 'id of the job, or at least its last four digits'

/** How many pages of 200 jobs are searched for a short id. */
const PAGES_MAX = 10

/**
 * Finds a job by its full id, or by a unique ending of at least four hex digits; lists show the last
 * twelve. Throws `job-not-found` and `usage-invalid`.
 */
export async function findJob(client: HubClient, text: string): Promise<JobId> {
  const full = JobId.safeParse(text.toLowerCase())
  if (full.success) return full.data
  const ending = text.toLowerCase().replaceAll('-', '')
  if (!/^[0-9a-f]{4,32}$/.test(ending)) {
    throw new AppError(
      'usage-invalid',
      `${JSON.stringify(text)} is not a job id: give the full id, or at least its last four hex digits`,
    )
  }
  const [job, ...others] = await jobsEndingWith(client, ending)
  if (job === undefined) {
    throw new AppError('job-not-found', `There is no job whose id ends with ${ending}`)
  }
  if (others.length > 0) {
    throw new AppError(
      'usage-invalid',
      `${others.length + 1} jobs have an id that ends with ${ending}: ${[job, ...others].join(', ')}`,
    )
  }
  return job
}

async function jobsEndingWith(client: HubClient, ending: string): Promise<readonly JobId[]> {
  const found: JobId[] = []
  // The hub searches ids with their dashes; the last group, of twelve digits, has none.
  const query = { text: ending.slice(-12), limit: 200 }
  let cursor: JobId | undefined
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { jobs, next } = await client.call('listJobs', {
      query: cursor === undefined ? query : { ...query, cursor },
    })
    found.push(...jobs.map(({ id }) => id).filter((id) => id.replaceAll('-', '').endsWith(ending)))
    if (next === null) break
    cursor = next
  }
  return found
}
