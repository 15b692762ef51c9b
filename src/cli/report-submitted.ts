import { shortId } from '../domain/id.ts'
import type { Job } from '../domain/job.ts'
import { lackHint } from '../domain/lack.ts'
import type { HubClient } from '../protocol/client.ts'
import type { Invocation } from './command.ts'
import type { Printer } from './print/printer.ts'
import { zonedMoment } from '../words/quantity.ts'
import { safeLine } from '../words/safe-text.ts'
import { lackOf, storyOf } from './job-kind.ts'
import { knownClosed } from './known-closed.ts'
import { knownWorkers } from './known-workers.ts'
import { whyClosed, whyNoWorker } from '../words/why-waiting.ts'
import { printVerdict, watchJob } from './watch-job.ts'

/**
 * The HTTP status for a new job. If the idempotency key belongs to an existing job, the hub returns
 * that job and another status.
 */
export const CREATED = 201

/** The hub's response to a submission: the HTTP status and the job. */
type Accepted = { readonly status: number; readonly answer: Job }

/** Prints that a job was accepted or already existed; with `wait`, shows it live until it ends. */
export async function reportSubmitted(
  invocation: Invocation,
  client: HubClient,
  print: Printer,
  { accepted, wait }: { readonly accepted: Accepted; readonly wait: boolean },
): Promise<void> {
  const { status, answer: job } = accepted
  if (status !== CREATED) {
    print.note(`A job with the same --key already exists, submitted ${zonedMoment(job.createdAt)}`)
  }
  const name = shortId(job.id)
  if (!wait) {
    if (print.json) print.document(job)
    else print.line(`${name} ${job.state}: ${safeLine(job.title)}`)
    await noteWhyWaiting(client, job, print)
    if (print.json) return
    return print.line(`  next: ${print.command(['logs', '-f', name])}`)
  }
  if (!print.json) print.line(`${name} ${safeLine(job.title)}`)
  await noteWhyWaiting(client, job, print)
  const ended = await watchJob(invocation, client, print, {
    job: job.id,
    stream: storyOf(job),
    show: print.json ? 'nothing' : 'story',
  })
  if (ended === null) return
  if (print.json) print.document(ended)
  else await printVerdict(client, ended, print)
}

/**
 * Prints a note if no worker can run the job, or if the job needs a resource that is closed. The job
 * may then wait long or forever, for example because a label is misspelled.
 */
async function noteWhyWaiting(client: HubClient, job: Job, print: Printer): Promise<void> {
  if (job.state !== 'queued') return
  const [workers, closed] = await Promise.all([knownWorkers(client), knownClosed(client)])
  const now = Date.now()
  const lack = workers === null ? null : whyNoWorker(job, workers, now, lackOf)
  const why = lack === null ? whyClosed(job, closed, now) : lackHint(lack)
  if (why !== null) print.note(`The job is waiting: ${print.hint(why)}`)
}
