import type { Command } from 'commander'
import { z } from 'zod'
import { plural } from '../../domain/plural.ts'
import { UsageBy, type UsageReport, type UsageSum } from '../../domain/usage-report.ts'
import { costSum, thousands } from '../../words/quantity.ts'
import { safeLine } from '../../words/safe-text.ts'
import type { Invocation } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { columns, type Printer } from '../print/printer.ts'
import { readTime } from '../read-time.ts'

const time = z.string().transform((text) => readTime(text, Date.now()))

const Flags = z.object({
  by: UsageBy.default('day'),
  from: time.optional(),
  before: time.optional(),
})

/** `millwright usage`: sums tokens and costs of jobs. */
export function defineUsage(command: Command, invocation: Invocation): void {
  command
    .description('Sums tokens and costs of the jobs that the hub still keeps.')
    .option('--by <what>', `group the jobs by one of these: ${UsageBy.options.join(', ')}`, 'day')
    .option(
      '--from <time>',
      'only jobs submitted since this time, such as 2026-08-01 (default: 30 days ago)',
    )
    .option('--before <time>', 'only jobs submitted before this time')
  onHub(command, invocation, Flags, async ({ flags: query, print, connect }) => {
    const client = await connect()
    const report = await client.call('readUsage', { query })
    if (print.json) return print.document(report)
    if (report.total.jobs === 0) return print.note('no jobs')
    for (const line of usageTable(report, print.paint)) print.line(line)
    if (report.rowsLeftOut > 0) print.note(plural(report.rowsLeftOut, 'more row'))
  })
}

/** Formats a report as a table that ends with the total. */
function usageTable({ by, rows, total }: UsageReport, paint: Printer['paint']): readonly string[] {
  const head = [by === 'day' ? 'day (UTC)' : by, 'jobs', 'tokens in', 'cached', 'out', 'cost']
  return columns([
    head.map((name) => paint('dim', name)),
    ...rows.map(({ key, ...sum }) => [key === null ? `(no ${by})` : safeLine(key), ...cells(sum)]),
    ['total', ...cells(total)].map((cell) => paint('bold', cell)),
  ])
}

const cells = (sum: UsageSum): readonly string[] => [
  String(sum.jobs),
  thousands(sum.inputTokens),
  thousands(sum.cachedInputTokens),
  thousands(sum.outputTokens),
  costSum(sum),
]
