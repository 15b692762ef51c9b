import { plural } from '../../domain/plural.ts'
import { escapeHidden, safeLine } from '../../words/safe-text.ts'
import type { Asked } from '../asked-jobs.ts'
import type { Printer } from '../print/printer.ts'
import { withInputs } from '../submit-with-inputs.ts'
import { checkJob } from './check-job.ts'

const SHOWN_MAX = 3

/**
 * Prints the first jobs that would be submitted, and their number; with --json, all of them as JSON
 * Lines, which `submit --file` accepts. Throws if a job is not valid.
 */
export async function printDryRun(asked: Asked, print: Printer): Promise<void> {
  const prepared = asked.kind === 'one' ? [asked.job] : asked.jobs.map(({ value }) => value)
  const jobs = prepared.map(({ body, inputs }) => checkJob(withInputs(body, inputs)))
  if (print.json) {
    for (const job of jobs) {
      print.document(job)
      await print.drained()
    }
    return
  }
  for (const job of jobs.slice(0, SHOWN_MAX)) print.line(escapeHidden(JSON.stringify(job, null, 2)))
  const more = jobs.length - SHOWN_MAX
  const groups = asked.kind === 'one' ? [] : asked.groups
  const where = groups.length === 1 ? `, group ${safeLine(groups[0] ?? '')}` : ''
  print.note(
    `${more > 0 ? `and ${more} more; ` : ''}${plural(jobs.length, 'job')} would be submitted${where}`,
  )
}
