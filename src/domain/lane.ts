import { z } from 'zod'
import { AppError } from './errors.ts'
import type { WorkerIdentity } from './lease.ts'
import { matches, meets } from './offer.ts'
import { Demand } from './text.ts'

/** Maximum number of demands of one job. */
const DEMANDS_MAX = 16

/**
 * Maximum length of a lane, in bytes of UTF-8. PostgreSQL rejects index rows of more than 2704 bytes,
 * and one index holds a lane (1100) and a lock key (at most 1536): 2636 bytes.
 */
export const LANE_BYTES_MAX = 1100

const Demands = z.array(Demand).max(DEMANDS_MAX)

type Asked = {
  readonly kind: string
  readonly labels: readonly string[]
  readonly demands: readonly string[]
}

/**
 * Returns the lane of a job: a string that joins its kind, labels and demands with spaces. The same
 * workers can serve all jobs of a lane. A part with a colon is a demand, or a label such as
 * `os:linux`; one of the worker's offers must meet it. Any other part is a label that the worker
 * must have. Throws `request-invalid` if a demand is invalid or the lane is too long.
 */
export function laneOf({ kind, labels, demands }: Asked): string {
  const parsed = Demands.safeParse(demands)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const invalid = demands[Number(issue?.path[0])]
    throw new AppError(
      'request-invalid',
      invalid === undefined
        ? `The job has ${demands.length} demands; the maximum is ${DEMANDS_MAX}.`
        : `The job’s demand "${invalid}" is invalid: ${issue?.message ?? ''}.`,
    )
  }
  const lane = [kind, ...sorted(labels), ...sorted(demands)].join(' ')
  const bytes = new TextEncoder().encode(lane).length
  if (bytes <= LANE_BYTES_MAX) return lane
  throw new AppError(
    'request-invalid',
    `The job’s kind, labels and demands have ${bytes} bytes in total; the maximum is ${LANE_BYTES_MAX}.`,
  )
}

/** Whether a worker offers everything that the jobs of a lane need. */
export function serves(
  worker: Pick<WorkerIdentity, 'kinds' | 'labels' | 'offers'>,
  lane: string,
): boolean {
  const [kind = '', ...parts] = lane.split(' ')
  return (
    worker.kinds.includes(kind) &&
    parts.every((part) =>
      part.includes(':') ? meets(part, worker.offers) : worker.labels.includes(part),
    )
  )
}

/**
 * Whether the restriction of a worker's token permits the jobs of a lane. null permits all jobs,
 * and an empty list permits none. Patterns and the parts of a lane have the form `word:value`,
 * where the word is `kind`, `label`, or the first word of a demand. For each word used in the
 * patterns, the lane must have at least one part with that word, and all such parts must match a
 * pattern. For example, `kind:code` and `agent:codex` together permit only code jobs for the agent
 * codex.
 */
export function permits(restriction: readonly string[] | null, lane: string): boolean {
  if (restriction === null) return true
  const parts = partsOf(lane)
  const words = new Set(restriction.map(wordOf))
  return (
    words.size > 0 &&
    [...words].every((word) => {
      const named = parts.filter((part) => wordOf(part) === word)
      return (
        named.length > 0 && named.every((part) => restriction.some((one) => matches(part, one)))
      )
    })
  )
}

/** Splits a lane into its kind, labels and demands, each as `word:value`. */
function partsOf(lane: string): readonly string[] {
  const [kind = '', ...parts] = lane.split(' ')
  return [`kind:${kind}`, ...parts.map((part) => (part.includes(':') ? part : `label:${part}`))]
}

const wordOf = (part: string): string => part.slice(0, part.indexOf(':'))

const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted()
