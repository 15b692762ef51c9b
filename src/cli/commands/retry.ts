import type { Command } from 'commander'
import { z } from 'zod'
import type { Invocation } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { reportSubmitted } from '../report-submitted.ts'

const Flags = z.object({
  prompt: z.string().min(1).optional(),
  key: z.string().optional(),
  wait: z.boolean().default(false),
})

/** `millwright retry`: starts a new job from one that has ended. */
export function defineRetry(command: Command, invocation: Invocation): void {
  command
    .description(
      'Starts a new job from one that has ended. With --prompt, it continues the agent’s session.',
    )
    .argument('<job>', JOB_HELP)
    .option('--prompt <text>', 'what the agent should do now')
    .option('--key <text>', 'idempotency key: repeating the request returns the same job')
    .option('--wait', 'show the job live until it ends; the exit code shows its outcome')
  onHub(command, invocation, Flags, async ({ flags, args: [text = ''], print, connect }) => {
    const client = await connect()
    const accepted = await client.exchange('retryJob', {
      params: { job: await findJob(client, text) },
      body: { prompt: flags.prompt, idempotencyKey: flags.key },
    })
    await reportSubmitted(invocation, client, print, { accepted, wait: flags.wait })
  })
}
