import { z } from 'zod'
import { AppError } from './errors.ts'
import type { WorkerIdentity } from './lease.ts'
import { matches } from './offer.ts'
import { Demand } from './text.ts'

/** Demands one job may make. */
const DEMANDS_MAX = 16

/**
 * Longest lane, in bytes of UTF-8. PostgreSQL refuses an index row of more than 2704 bytes, and one
 * index holds a lane beside a lock key, which is at most 1536 bytes long.
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
 * jobs. No part holds a space, and of all parts only demands hold a colon, so that the text can be
 * taken apart again. Throws `request-invalid` when it would become too long.
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
    `Kind, labels and demands have ${bytes} bytes together; ${LANE_BYTES_MAX} are allowed.`,
  )
}

/** Whether a worker offers everything that the jobs of a lane ask for. */
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
 * Whether a restriction lets jobs of this lane through; null restricts nothing. For each word that
 * its patterns name (`kind`, `label`, or the word of a demand) the lane must have a part, and each
 * of its parts of that word must match a pattern. An empty restriction lets nothing through.
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

/** Kind, labels and demands of a lane, each as `word:value`. */
function partsOf(lane: string): readonly string[] {
  const [kind = '', ...parts] = lane.split(' ')
  return [`kind:${kind}`, ...parts.map((part) => (part.includes(':') ? part : `label:${part}`))]
}

const wordOf = (part: string): string => part.slice(0, part.indexOf(':'))

const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted()
