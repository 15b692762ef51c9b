import type { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { Group } from '../../domain/job.ts'
import { plural } from '../../domain/plural.ts'
import type { HubClient } from '../../protocol/client.ts'
import type { Invocation } from '../command.ts'
import { eachOf } from '../each-of.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { readGroup } from '../group.ts'
import { onHub } from '../hub-command.ts'
import { jobPages } from '../job-pages.ts'
import { CREATED, reportSubmitted } from '../report-submitted.ts'
import { waitForGroups } from '../wait-for-groups.ts'

const Flags = z.object({
  prompt: z.string().min(1).optional(),
  ref: z.string().min(1).optional(),
  branch: z.string().min(1).optional(),
  key: z.string().optional(),
  failed: z.boolean().default(false),
  group: Group.optional(),
  wait: z.boolean().default(false),
})
type Flags = z.infer<typeof Flags>

/** `millwright retry`: starts new jobs from jobs that have ended. */
export function defineRetry(command: Command, invocation: Invocation): void {
  command
    .description(
      'Starts a new job from one that has ended. With --prompt, it continues the agent’s session.',
    )
    .argument('[job]', JOB_HELP)
    .option('--failed', 'retry all failed jobs of --group that have not been retried')
    .option('--group <name>', 'the group whose failed jobs are retried')
    .option('--prompt <text>', 'what the agent should do now')
    .option(
      '--ref <name>',
      'start from this branch, tag or commit, and apply the unpublished change of the earlier job there (default: where the earlier job ended)',
    )
    .option('--branch <name>', 'publish to this branch (default: the one of the earlier job)')
    .option('--key <text>', 'idempotency key: repeating the request returns the same job')
    .option('--wait', 'wait until the new jobs end; the exit code shows the worst outcome')
  onHub(command, invocation, Flags, async ({ flags, args: [text], print, connect }) => {
    const group = groupOf(flags, text)
    const client = await connect()
    if (group !== null) {
      const retried = await retryFailed(client, group, changeIn(flags))
      if (flags.wait) return waitForGroups(invocation, client, print, [group])
      if (print.json) return print.document({ group, retried })
      print.line(`Group ${group}: ${plural(retried, 'failed job')} retried`)
      return print.line(`  next: ${print.command(['wait', '--group', group])}`)
    }
    const accepted = await client.exchange('retryJob', {
      params: { job: await findJob(client, text ?? '') },
      body: { ...changeIn(flags), idempotencyKey: flags.key },
    })
    await reportSubmitted(invocation, client, print, { accepted, wait: flags.wait })
  })
}

/**
 * How the new job differs from the earlier one. Undefined values are not sent, because an older hub
 * rejects fields that it does not know.
 */
type Change = Pick<Flags, 'prompt' | 'ref' | 'branch'>

const changeIn = ({ prompt, ref, branch }: Flags): Change => ({ prompt, ref, branch })

/** The group whose failed jobs are to be retried; null to retry a single job. */
function groupOf({ failed, group, key }: Flags, job: string | undefined): string | null {
  if (!failed && group === undefined && job !== undefined) return null
  if (!failed || group === undefined || job !== undefined) {
    throw new AppError('usage-invalid', 'Give either a job, or --failed and --group <name>')
  }
  if (key === undefined) return group
  throw new AppError('usage-invalid', '--key requires a job: --failed makes a key for each job')
}

/**
 * Retries the failed jobs of a group that have not been retried yet, and returns how many this call
 * has retried. The idempotency key of each retry contains the id of the failed job, so concurrent
 * calls retry each job only once.
 */
async function retryFailed(client: HubClient, group: string, change: Change): Promise<number> {
  await readGroup(client, group)
  let retried = 0
  const failed = { group, state: ['failed'], continued: 'false' } as const
  for await (const jobs of jobPages(client, failed)) {
    await eachOf(jobs, async ({ id }) => {
      const { status } = await client.exchange('retryJob', {
        params: { job: id },
        body: { ...change, idempotencyKey: `retry-failed:${id}` },
      })
      if (status === CREATED) retried += 1
    })
  }
  return retried
}
