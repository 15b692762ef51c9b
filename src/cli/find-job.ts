import { AppError } from '../domain/errors.ts'
import { JobId } from '../domain/id.ts'
import type { HubClient } from '../protocol/client.ts'

/** What a command says of its argument. */
export const JOB_HELP = 'its id, or the last four or more digits of it'

/** Pages of 200 jobs that are searched for a short id. */
const PAGES_MAX = 10

/**
 * The job that a person means: by its whole id, or by any unique ending of at least four hex
 * digits, such as the last twelve that lists show.
 */
export async function findJob(client: HubClient, text: string): Promise<JobId> {
  const whole = JobId.safeParse(text.toLowerCase())
  if (whole.success) return whole.data
  const ending = text.toLowerCase().replaceAll('-', '')
  if (!/^[0-9a-f]{4,32}$/.test(ending)) {
    throw new AppError(
      'usage-invalid',
      `${JSON.stringify(text)} is no job id: give all of it, or at least its last four hex digits`,
    )
  }
  const [job, ...others] = await jobsEndingWith(client, ending)
  if (job === undefined) {
    throw new AppError('job-not-found', `There is no job whose id ends with ${ending}`)
  }
  if (others.length > 0) {
    throw new AppError(
      'usage-invalid',
      `${others.length + 1} jobs end with ${ending}: ${[job, ...others].join(', ')}`,
    )
  }
  return job
}

async function jobsEndingWith(client: HubClient, ending: string): Promise<readonly JobId[]> {
  const found: JobId[] = []
  // The hub searches whole ids with their dashes; the last group has none.
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
