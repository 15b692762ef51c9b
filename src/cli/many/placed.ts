import { AppError } from '../../domain/errors.ts'

/** A value, and where it was found, such as `jobs.jsonl, line 7`, for error messages. */
export type Placed<Value> = { readonly place: string; readonly value: Value }

/** The maximum number of jobs that one command submits. */
export const JOBS_MAX = 10_000

/** The maximum size of a file of jobs or rows, in bytes. */
export const FILE_BYTES_MAX = 64 * 1024 ** 2

/** The maximum number of errors that one message lists. */
const SHOWN_MAX = 5

/**
 * Converts each value. Throws `usage-invalid` with the places and messages of the first errors if
 * any value cannot be converted.
 */
export async function eachPlaced<Value, Made>(
  items: readonly Placed<Value>[],
  convert: (item: Placed<Value>) => Promise<Made>,
): Promise<readonly Placed<Made>[]> {
  const made: Placed<Made>[] = []
  const faults: string[] = []
  for (const item of items) {
    const { place } = item
    try {
      made.push({ place, value: await convert(item) })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      faults.push(`${place}: ${error.message}`)
    }
  }
  if (faults.length === 0) return made
  const more = faults.length - SHOWN_MAX
  const shown = more > 0 ? [...faults.slice(0, SHOWN_MAX), `and ${more} more errors`] : faults
  throw new AppError('usage-invalid', ['Nothing was submitted.', ...shown].join('\n  '))
}

/** Throws `usage-invalid` if there are no jobs or too many. */
export function someJobs<Value>(
  items: readonly Placed<Value>[],
  source: string,
): readonly Placed<Value>[] {
  if (items.length === 0) throw new AppError('usage-invalid', `${source} contains no jobs`)
  if (items.length <= JOBS_MAX) return items
  throw new AppError(
    'usage-invalid',
    `${source} contains ${items.length} jobs; the maximum is ${JOBS_MAX}: split the file`,
  )
}
