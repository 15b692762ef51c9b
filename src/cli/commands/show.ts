import type { Command } from 'commander'
import { z } from 'zod'
import type { Job } from '../../domain/job.ts'
import type { HubClient } from '../../protocol/client.ts'
import type { Invocation } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { lackOf } from '../job-kind.ts'
import { knownClosed } from '../known-closed.ts'
import { knownWorkers } from '../known-workers.ts'
import { allEvents, nextStep } from '../next-step.ts'
import { jobReport } from '../print/job.ts'
import type { Printer } from '../print/printer.ts'
import { silentWorker } from '../../words/silent-worker.ts'
import { whyClosed, whyHeldBack, whyNotTaken } from '../../words/why-waiting.ts'

/** Only the newest deliveries are shown; `millwright callbacks` lists more. */
const DELIVERIES_MAX = 20

const Flags = z.object({ full: z.boolean().default(false) })

/** `millwright show`: shows everything that the hub knows about one job. */
export function defineShow(command: Command, invocation: Invocation): void {
  command
    .description(
      'Shows a job’s state, the reason for it, what to do next, and its prompt, change, checks, steps, artifacts and events.',
    )
    .argument('<job>', JOB_HELP)
    .option('--full', 'show the whole prompt and the whole output of failed checks')
  onHub(command, invocation, Flags, async ({ flags, args: [text = ''], print, connect }) => {
    const client = await connect()
    const params = { job: await findJob(client, text) }
    const [job, events, { artifacts }, { deliveries }] = await Promise.all([
      client.call('getJob', { params }),
      allEvents(client, params.job),
      client.call('listArtifacts', { params }),
      client.call('listDeliveries', { query: { job: params.job, limit: DELIVERIES_MAX } }),
    ])
    if (print.json) return print.document({ job, events, artifacts, deliveries })
    const waitsFor = await whyWaiting(client, job, print)
    const next = nextStep(job, { events, artifacts })
    const about = { job, next, events, artifacts, deliveries, waitsFor, isFull: flags.full }
    for (const line of jobReport(about, print)) print.line(line)
  })
}

async function whyWaiting(client: HubClient, job: Job, print: Printer): Promise<string | null> {
  const closedText = whyClosed(job, await knownClosed(client), Date.now())
  if (closedText !== null) return print.hint(closedText)
  const heldBack = whyHeldBack(job) ?? silentWorker(job, Date.now())
  if (heldBack !== null || job.state !== 'queued') return heldBack
  const workers = await knownWorkers(client)
  return workers === null
    ? 'for a worker'
    : print.hint(whyNotTaken(job, workers, Date.now(), lackOf))
}
