import type { z } from 'zod'
import type { Job } from '../domain/job.ts'
import type { HubClient } from '../protocol/client.ts'
import type { JobQuery } from '../protocol/schemas.ts'

type Query = z.input<typeof JobQuery>

/** Yields all pages of a list of jobs, newest first, with at most 200 jobs each. */
export async function* jobPages(
  client: HubClient,
  filter: Omit<Query, 'cursor' | 'limit'>,
): AsyncGenerator<readonly Job[]> {
  let query: Query = { ...filter, limit: 200 }
  for (;;) {
    const { jobs, next } = await client.call('listJobs', { query })
    yield jobs
    if (next === null) return
    query = { ...query, cursor: next }
  }
}
