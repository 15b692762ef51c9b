import type { Command } from 'commander'
import { shortId } from '../../domain/id.ts'
import { type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'

/** `millwright resume`: continues a paused job. */
export function defineResume(command: Command, invocation: Invocation): void {
  command
    .description('Continues a paused job, on any worker that can run it.')
    .argument('<job>', JOB_HELP)
  onHub(command, invocation, NoFlags, async ({ args: [text = ''], print, connect }) => {
    const client = await connect()
    const job = await client.call('resumeJob', { params: { job: await findJob(client, text) } })
    if (print.json) return print.document(job)
    print.line(`${shortId(job.id)} ${job.state}`)
  })
}
