import type { Command } from 'commander'
import { z } from 'zod'
import { AppError, isAppError } from '../../domain/errors.ts'
import { type JobId, shortId } from '../../domain/id.ts'
import { Group, type Job } from '../../domain/job.ts'
import { plural } from '../../domain/plural.ts'
import type { JobState } from '../../domain/state.ts'
import type { HubClient } from '../../protocol/client.ts'
import type { Invocation } from '../command.ts'
import { eachOf } from '../each-of.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { readGroup } from '../group.ts'
import { onHub } from '../hub-command.ts'
import { jobPages } from '../job-pages.ts'
import type { Printer } from '../print/printer.ts'
import { printVerdict } from '../watch-job.ts'

const Flags = z.object({ group: Group.optional() })

/** `millwright cancel`: cancels waiting jobs immediately, and asks running jobs to stop. */
export function defineCancel(command: Command, invocation: Invocation): void {
  command
    .description('Stops a job. If the agent is running, its work so far is kept as a patch.')
    .argument('[job]', JOB_HELP)
    .option('--group <name>', 'stop all jobs of this group that have not ended')
  onHub(command, invocation, Flags, async ({ flags: { group }, args: [text], print, connect }) => {
    if ((group === undefined) === (text === undefined)) {
      throw new AppError('usage-invalid', 'Give either a job or --group <name>')
    }
    const client = await connect()
    if (group !== undefined) return cancelGroup(client, group, print)
    await cancelOne(client, await findJob(client, text ?? ''), print)
  })
}

async function cancelOne(client: HubClient, id: JobId, print: Printer): Promise<void> {
  const job = await client.call('cancelJob', { params: { job: id } })
  if (print.json) return print.document(job)
  if (job.state === 'cancelled') return printVerdict(client, job, print)
  print.line(`Job ${shortId(job.id)} is being stopped`)
  print.line(`  next: ${print.command(['logs', '-f', shortId(job.id)])}`)
}

/** How many jobs were cancelled immediately, and how many running jobs were asked to stop. */
type Count = { cancelled: number; stopping: number }

async function cancelGroup(client: HubClient, group: string, print: Printer): Promise<void> {
  await readGroup(client, group)
  const count: Count = { cancelled: 0, stopping: 0 }
  // Cancel waiting jobs first; otherwise, workers that become free would claim them. A running job
  // may return to the queue before its cancel request arrives, so repeat until no job is found.
  let found = 1
  while (found > 0) {
    found = await cancelIn(client, { group, state: ['queued', 'paused'] }, count)
    found += await cancelIn(client, { group, state: ['running'] }, count)
  }
  if (print.json) return print.document({ group, ...count })
  const { cancelled, stopping } = count
  if (cancelled + stopping === 0) return print.line(`Group ${group}: no job is left to cancel`)
  print.line(`Group ${group}: ${plural(cancelled, 'job')} cancelled, ${stopping} being stopped`)
  if (stopping > 0) print.line(`  next: ${print.command(['wait', '--group', group])}`)
}

/**
 * Cancels the jobs that match the filter and have no cancel request yet, and updates `count`.
 * Returns the number of such jobs.
 */
async function cancelIn(
  client: HubClient,
  filter: { readonly group: string; readonly state: readonly JobState[] },
  count: Count,
): Promise<number> {
  let found = 0
  for await (const page of jobPages(client, filter)) {
    const jobs = page.filter(({ cancelRequestedAt }) => cancelRequestedAt === null)
    found += jobs.length
    await eachOf(jobs, async ({ id }) => {
      const state = await cancelUnlessEnded(client, id)
      if (state === 'cancelled') count.cancelled += 1
      else if (state !== null) count.stopping += 1
    })
  }
  return found
}

/** Returns the job's state after the request; null if the job had already ended. */
async function cancelUnlessEnded(client: HubClient, job: JobId): Promise<Job['state'] | null> {
  try {
    return (await client.call('cancelJob', { params: { job } })).state
  } catch (error) {
    if (isAppError(error, 'job-terminal')) return null
    throw error
  }
}
