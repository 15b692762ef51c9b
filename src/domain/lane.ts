import { z } from 'zod'
import { AppError } from './errors.ts'
import type { WorkerIdentity } from './lease.ts'
import { matches } from './offer.ts'
import { Demand } from './text.ts'

/** Most demands of one job. */
const DEMANDS_MAX = 16

/**
 * Longest lane, in bytes of UTF-8. PostgreSQL rejects an index row of more than 2704 bytes, and one
 * index contains a lane and a lock key, which has at most 1536 bytes.
 */
export const LANE_BYTES_MAX = 1100

const Demands = z.array(Demand).max(DEMANDS_MAX)

type Asked = {
  readonly kind: string
  readonly labels: readonly string[]
  readonly demands: readonly string[]
}

/**
 * A lane is a kind with a set of labels and a set of demands: the same workers can serve all its
 * jobs. Its text can be parsed, because no part contains a space and only demands contain a colon.
 * Throws `request-invalid` for an invalid demand and for a lane that is too long.
 */
export function laneOf({ kind, labels, demands }: Asked): string {
  const parsed = Demands.safeParse(demands)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const which = demands[Number(issue?.path[0])] ?? `${demands.length} demands`
    throw new AppError('request-invalid', `The job demands ${which}: ${issue?.message ?? ''}.`)
  }
  const lane = [kind, ...sorted(labels), ...sorted(demands)].join(' ')
  const bytes = new TextEncoder().encode(lane).length
  if (bytes <= LANE_BYTES_MAX) return lane
  throw new AppError(
    'request-invalid',
    `Kind, labels and demands have ${bytes} bytes together; the maximum is ${LANE_BYTES_MAX}.`,
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
      part.includes(':')
        ? worker.offers.some((offer) => matches(part, offer))
        : worker.labels.includes(part),
    )
  )
}

/**
 * Whether a restriction of a worker's token permits the jobs of a lane; null permits all. The part
 * before a colon is a word: `kind`, `label`, or the word of a demand. For each word in the patterns,
 * the lane must have at least one part, and every such part must match a pattern. An empty
 * restriction permits nothing.
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

/** Kind, labels and demands, each as `word:value`. */
function partsOf(lane: string): readonly string[] {
  const [kind = '', ...parts] = lane.split(' ')
  return [`kind:${kind}`, ...parts.map((part) => (part.includes(':') ? part : `label:${part}`))]
}

const wordOf = (part: string): string => part.slice(0, part.indexOf(':'))

const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted()
