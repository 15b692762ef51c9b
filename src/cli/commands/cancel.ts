import type { Command } from 'commander'
import { shortId } from '../../domain/id.ts'
import { type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { printVerdict } from '../watch-job.ts'

/** `millwright cancel`: cancels a waiting job immediately, or asks a running job to stop. */
export function defineCancel(command: Command, invocation: Invocation): void {
  command
    .description('Stops a job. If the agent is running, its work so far is kept as a patch.')
    .argument('<job>', JOB_HELP)
  onHub(command, invocation, NoFlags, async ({ args: [text = ''], print, connect }) => {
    const client = await connect()
    const job = await client.call('cancelJob', { params: { job: await findJob(client, text) } })
    if (print.json) return print.document(job)
    if (job.state === 'cancelled') return printVerdict(job, print)
    print.line(`The job ${shortId(job.id)} is being stopped`)
    print.line(`  next: ${print.command(['logs', '-f', shortId(job.id)])}`)
  })
}
