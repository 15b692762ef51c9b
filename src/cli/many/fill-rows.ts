import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Written } from '../job-of-flags.ts'
import { readTime } from '../read-time.ts'
import { type Batch, batchOf } from './batch.ts'
import { checkJob } from './check-job.ts'
import { eachPlaced, someJobs } from './placed.ts'
import type { Prepared } from './prepared.ts'
import { parseRows, type Row } from './rows.ts'
import { fill, fillText, hasPlaceholder } from './template.ts'

/**
 * Makes a job from each row: replaces the placeholders of the command line with the values of the
 * row. Throws `usage-invalid` with the places of the rows that do not result in a valid job.
 */
export async function jobsOfRows(
  { text, source }: { readonly text: string; readonly source: string },
  template: Written,
  make: (filled: Written) => Promise<Prepared>,
): Promise<Batch> {
  const { values, prompt, rest } = template
  if (![prompt, ...rest, ...Object.values(values)].some(hasPlaceholder)) {
    throw new AppError(
      'usage-invalid',
      'All jobs would be identical: with --rows, use {{name}} in the prompt or in a flag',
    )
  }
  // A key without a placeholder would be the same for all jobs, so it names the batch instead.
  const key = hasPlaceholder(values['key']) ? undefined : Text.parse(values['key'])
  const own = key === undefined ? template : { ...template, values: { ...values, key: undefined } }
  const rows = someJobs(parseRows(text, source), source)
  const jobs = await eachPlaced(rows, async ({ value: row }) => {
    const filled = fillWritten(own, row)
    refuseRelativeTime(Text.parse(filled.values['notBefore']))
    const { body, inputs } = await make(filled)
    return { body: checkJob(body), inputs }
  })
  return batchOf(jobs, { source, group: undefined, key })
}

const Text = z.string().optional()

const fillWritten = ({ values, prompt, rest }: Written, row: Row): Written => ({
  values: Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, fill(value, row)]),
  ),
  prompt: prompt === null ? null : fillText(prompt, row),
  rest: rest.map((word) => fillText(word, row)),
})

/**
 * Throws `usage-invalid` for a relative time such as +10m. If such a command were repeated, its
 * jobs would get different idempotency keys, so the hub would accept every job a second time.
 */
function refuseRelativeTime(time: string | undefined): void {
  if (time === undefined || readTime(time, 0) === readTime(time, 1)) return
  throw new AppError(
    'usage-invalid',
    `--not-before ${time} depends on when the command runs; with --rows, give a date and time`,
  )
}
