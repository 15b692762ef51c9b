import type { JobId } from '../domain/id.ts'
import type { JobState } from '../domain/state.ts'

export type JobFilter = {
  readonly states?: readonly JobState[] | undefined
  readonly kind?: string | undefined
  readonly label?: string | undefined
  readonly group?: string | undefined
  /** Substring of the title or the id, case-insensitive. */
  readonly text?: string | undefined
  readonly createdFrom?: number | undefined
  readonly createdBefore?: number | undefined
  /**
   * Selects the jobs that another job, such as a retry, continues (true), or all others (false).
   */
  readonly continued?: boolean | undefined
}

/**
 * One page of jobs, newest first. `after` is the id of the last job on the previous page, or null
 * for the first page.
 */
export type JobPage = {
  readonly filter: JobFilter
  readonly after: JobId | null
  readonly limit: number
}
