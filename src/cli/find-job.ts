import { AppError } from '../domain/errors.ts'
import { JobId } from '../domain/id.ts'
import type { HubClient } from '../protocol/client.ts'
import { jobPages } from './job-pages.ts'

/** The help text of an argument that selects a job. */
export const JOB_HELP = 'id of the job, or at least the last four digits of the id'

/** The maximum number of pages, of 200 jobs each, that are searched for a shortened id. */
const PAGES_MAX = 10

/**
 * Finds a job by its full id, or by the end of its id: at least four hex digits that no other job's
 * id ends with. Lists show the last twelve digits. Throws `job-not-found`, and `usage-invalid` if
 * the text is not an id or matches several jobs.
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
      `${others.length + 1} jobs have ids that end with ${ending}: ${[job, ...others].join(', ')}`,
    )
  }
  return job
}

async function jobsEndingWith(client: HubClient, ending: string): Promise<readonly JobId[]> {
  const found: JobId[] = []
  let pages = 0
  // The hub searches for text in complete ids, which contain dashes. The last twelve digits contain
  // none, so the hub searches for those, and this function compares the digits before them.
  for await (const jobs of jobPages(client, { text: ending.slice(-12) })) {
    found.push(...jobs.map(({ id }) => id).filter((id) => id.replaceAll('-', '').endsWith(ending)))
    pages += 1
    if (pages === PAGES_MAX) break
  }
  return found
}
