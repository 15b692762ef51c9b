import type { JobEvent } from '../domain/event.ts'
import type { CommandLine, Hint } from '../domain/hint.ts'
import { ofJob } from '../domain/hint.ts'
import { type JobId, shortId } from '../domain/id.ts'
import type { Job } from '../domain/job.ts'
import { REASONS } from '../domain/reasons.ts'
import type { HubClient } from '../protocol/client.ts'
import type { ArtifactInfo } from '../protocol/schemas.ts'
import { newestPatch } from './find-patch.ts'
import { ifReadable } from './if-readable.ts'

const EVENTS_A_PAGE = 1000
const PAGES_MAX = 20

/** What a job left behind. */
type Traces = {
  readonly events: readonly JobEvent[]
  readonly artifacts: readonly ArtifactInfo[]
}

/**
 * What a person should do next about a job; null if there is nothing to do. Leaves out commands
 * that would print nothing: `diff` if there is no change, and the log of the checks if no check
 * finished.
 */
export function nextStep(
  { id, reason }: Pick<Job, 'id' | 'reason'>,
  { events, artifacts }: Traces,
): Hint | null {
  const fix = reason === null ? null : REASONS[reason].fix
  if (fix === null) return null
  const hasChange = (newestPatch(artifacts)?.size ?? 0) > 0
  const hasChecks = events.some(({ type }) => type === 'check-finished')
  const isUseful = (command: CommandLine): boolean =>
    (hasChange || !isDiff(command)) && (hasChecks || !isChecksLog(command))
  return ofJob({ ...fix, commands: fix.commands.filter(isUseful) }, shortId(id))
}

/**
 * Like `nextStep`, but reads the job's events and artifacts from the hub if the next step depends
 * on them. Keeps all commands if the token does not allow reading them, or if the hub stopped
 * answering.
 */
export async function readNextStep(client: HubClient, job: Job): Promise<Hint | null> {
  const fix = job.reason === null ? null : REASONS[job.reason].fix
  if (fix === null) return null
  const whole = ofJob(fix, shortId(job.id))
  if (!fix.commands.some((command) => isDiff(command) || isChecksLog(command))) return whole
  const [events, artifacts] = await Promise.all([
    ifReadable(allEvents(client, job.id)),
    ifReadable(client.call('listArtifacts', { params: { job: job.id } })),
  ])
  return events === null || artifacts === null ? whole : nextStep(job, { events, ...artifacts })
}

const isDiff = ([name]: CommandLine): boolean => name === 'diff'

const isChecksLog = ([name, ...words]: CommandLine): boolean =>
  name === 'logs' && words.includes('checks')

/** Fetches the events of a job: all, or the first 20,000. A normal job has far fewer. */
export async function allEvents(client: HubClient, job: JobId): Promise<readonly JobEvent[]> {
  const found: JobEvent[] = []
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { events } = await client.call('listEvents', {
      params: { job },
      query: { after: found.at(-1)?.seq ?? 0, limit: EVENTS_A_PAGE },
    })
    found.push(...events)
    if (events.length < EVENTS_A_PAGE) break
  }
  return found
}
