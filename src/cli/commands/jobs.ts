import type { Command } from 'commander'
import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { JobState } from '../../domain/state.ts'
import { collect, type Invocation } from '../command.ts'
import { readGroupIfKnown } from '../group.ts'
import { onHub } from '../hub-command.ts'
import { knownClosed } from '../known-closed.ts'
import { knownWorkers } from '../known-workers.ts'
import { jobTable } from '../print/job.ts'
import { readTime } from '../read-time.ts'
import { safeLine } from '../../words/safe-text.ts'
import { totalsText } from '../../words/totals.ts'

const time = z.string().transform((text) => readTime(text, Date.now()))

const Flags = z.object({
  state: z.array(JobState).optional(),
  kind: z.string().optional(),
  label: z.string().optional(),
  group: z.string().optional(),
  text: z.string().optional(),
  notRetried: z.literal(true).optional(),
  from: time.optional(),
  before: time.optional(),
  cursor: JobId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** `millwright jobs`: lists one page of jobs, newest first. */
export function defineJobs(command: Command, invocation: Invocation): void {
  command
    .description('Lists jobs, newest first, one page at a time.')
    .option(
      '--state <state>',
      `only jobs in this state: ${JobState.options.join(', ')}; repeatable`,
      collect,
    )
    .option('--kind <kind>', 'only jobs of this kind')
    .option('--label <label>', 'only jobs with this label')
    .option('--group <name>', 'only jobs in this group; also counts the whole group by state')
    .option('--not-retried', 'only jobs that have not been retried or continued by another job')
    .option('--text <text>', 'only jobs whose title or id contains this text')
    .option(
      '--from <time>',
      'only jobs submitted since this time, such as 2026-08-01 or 2026-08-01T14:00',
    )
    .option('--before <time>', 'only jobs submitted before this time')
    .option('--cursor <id>', 'show the next page: the cursor printed below the previous page')
    .option('--limit <count>', 'jobs per page, at most 200', '50')
  onHub(command, invocation, Flags, async ({ flags, print, connect }) => {
    const { notRetried, ...filter } = flags
    const query = notRetried === undefined ? filter : { ...filter, continued: 'false' as const }
    const client = await connect()
    const page = await client.call('listJobs', { query })
    const { group } = query
    const totals = group === undefined ? null : await readGroupIfKnown(client, group)
    if (print.json) return print.document(totals === null ? page : { ...page, totals })
    if (page.jobs.length === 0) return print.note('no jobs')
    const isQueued = page.jobs.some(({ state }) => state === 'queued')
    const [workers, closed] = isQueued
      ? await Promise.all([knownWorkers(client), knownClosed(client)])
      : [null, []]
    const about = { now: Date.now(), workers, closed, paint: print.paint }
    for (const line of jobTable(page.jobs, about)) print.line(line)
    if (totals !== null) print.line(`group ${safeLine(group ?? '')}: ${totalsText(totals)}`)
    if (page.next !== null) print.note(`next page: --cursor ${page.next}`)
  })
}
