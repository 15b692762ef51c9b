import type { Command } from 'commander'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { type JobId, shortId } from '../../domain/id.ts'
import { Group, type Job } from '../../domain/job.ts'
import { isTerminal } from '../../domain/state.ts'
import { addTotals, NO_TOTALS, type Totals, totalsOf } from '../../domain/totals.ts'
import type { HubClient } from '../../protocol/client.ts'
import { collect, type Invocation } from '../command.ts'
import { eachOf } from '../each-of.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { onHub } from '../hub-command.ts'
import { printTotals, waitForGroups } from '../wait-for-groups.ts'
import { waitUntilEnded } from '../wait-until-ended.ts'

const Flags = z.object({ group: z.array(Group).default([]) })

/** `millwright wait`: waits until jobs have ended. */
export function defineWait(command: Command, invocation: Invocation): void {
  command
    .description(
      'Waits until jobs have ended and prints how many ended in which state. The exit code shows ' +
        'the worst outcome. Ctrl-C stops waiting and leaves the jobs running.',
    )
    .argument('[job...]', JOB_HELP)
    .option('--group <name>', 'wait for all jobs of this group; repeatable', collect)
  onHub(command, invocation, Flags, async ({ flags, args, print, connect }) => {
    const [group, ...others] = flags.group
    if ((group === undefined) === (args.length === 0)) {
      throw new AppError('usage-invalid', 'Give either jobs or --group, for example: --group night')
    }
    const client = await connect()
    if (group !== undefined) {
      return waitForGroups(invocation, client, print, [group, ...others])
    }
    const ids: JobId[] = []
    for (const text of args) ids.push(await findJob(client, text))
    const totals = await waitUntilEnded(invocation, print, {
      look: watchOf(client, ids),
      again: ['wait', ...ids.map(shortId)],
    })
    if (totals !== null) printTotals(totals, print)
  })
}

/**
 * Returns a function that polls the jobs that have not ended yet, and returns the totals of all
 * jobs.
 */
function watchOf(client: HubClient, ids: readonly JobId[]): () => Promise<Totals> {
  const seen = new Map<JobId, Job>()
  return async () => {
    const running = ids.filter((id) => !isTerminal(seen.get(id)?.state ?? 'queued'))
    await eachOf(running, async (job) => {
      seen.set(job, await client.call('getJob', { params: { job } }))
    })
    return [...seen.values()].map(totalsOf).reduce(addTotals, NO_TOTALS)
  }
}
