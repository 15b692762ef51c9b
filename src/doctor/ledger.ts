import { isDeepStrictEqual } from 'node:util'
import type { JobEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { Job } from '../domain/job.ts'
import { fold } from '../ledger/fold.ts'
import type { Snapshot } from '../ledger/tables.ts'
import { strandedJobs } from '../ledger/transactions/stranded-jobs.ts'
import type { HubClient } from '../protocol/client.ts'
import { hint } from '../domain/hint.ts'
import { type Finding, warning } from './finding.ts'

const JOBS_A_PAGE = 200
const EVENTS_A_PAGE = 1000
const STRANDED_MAX = 10

/** A job whose row does not match its events, with the values from both. */
export type Difference = {
  readonly job: JobId
  readonly row: Compared
  readonly events: Compared | 'a gap in the sequence numbers'
}
type Compared = Readonly<Record<(typeof COMPARED)[number], unknown>>
const COMPARED = ['state', 'attempt', 'reason', 'failures', 'publication'] as const

/**
 * Rebuilds every job from its events and compares the result with the job's row. The hub keeps
 * running, so a job may change between the reading of its row and the reading of its events. A job
 * that differs is therefore read again. For each job, yields the number of jobs checked so far, and
 * the difference or null.
 */
export async function* differences(
  client: HubClient,
): AsyncGenerator<{ readonly checked: number; readonly found: Difference | null }> {
  let checked = 0
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page: Awaited<ReturnType<typeof jobs>> = await jobs(client, cursor)
    for (const job of page.jobs) {
      checked += 1
      yield { checked, found: await compareSettled(client, job) }
    }
    cursor = page.next
  }
}

const jobs = (client: HubClient, cursor: string | null) =>
  client.call('listJobs', {
    query: { limit: JOBS_A_PAGE, ...(cursor === null ? {} : { cursor }) },
  })

async function compareSettled(client: HubClient, job: Job): Promise<Difference | null> {
  const found = compare(job, await eventsOf(client, job.id))
  if (found === null) return null
  const again = await client.call('getJob', { params: { job: job.id } })
  const events = await eventsOf(client, job.id)
  const still = await client.call('getJob', { params: { job: job.id } })
  // If the row changed while the events were read, a difference would prove nothing.
  return isDeepStrictEqual(pick(again), pick(still)) ? compare(again, events) : null
}

function compare(job: Job, events: readonly JobEvent[]): Difference | null {
  const row = pick(job)
  if (events.some(({ seq }, index) => seq !== index + 1)) {
    return { job: job.id, row, events: 'a gap in the sequence numbers' }
  }
  const folded = pick(fold(events))
  return isDeepStrictEqual(row, folded) ? null : { job: job.id, row, events: folded }
}

const pick = (job: Compared): Compared => ({
  state: job.state,
  attempt: job.attempt,
  reason: job.reason,
  failures: job.failures,
  publication: job.publication,
})

async function eventsOf(client: HubClient, job: JobId): Promise<readonly JobEvent[]> {
  const found: JobEvent[] = []
  for (;;) {
    const after = found.at(-1)?.seq ?? 0
    const page = await client.call('listEvents', {
      params: { job },
      query: { after, limit: EVENTS_A_PAGE },
    })
    found.push(...page.events)
    if (page.events.length < EVENTS_A_PAGE) return found
  }
}

/** Warns about jobs that will never run, because they wait for a lock key that no job holds. */
export async function strandedFindings(snapshot: Snapshot): Promise<readonly Finding[]> {
  const stranded = await strandedJobs(snapshot, STRANDED_MAX)
  return stranded.map(({ jobId, key }) =>
    warning(
      'stranded job',
      `job ${jobId} waits for the lock "${key}", which no job holds`,
      hint('Cancel and retry it with', ['cancel', jobId], ['retry', jobId]),
    ),
  )
}
