import { z } from 'zod'
import { Reason } from './outcome.ts'
import { matches } from './offer.ts'
import { Resource } from './resource.ts'

/**
 * A resource that is unavailable or refuses requests. While the resource is closed, the hub leases
 * no jobs that need it, except for one attempt, the trial, which finds out whether the resource is
 * back.
 */
export const Closed = z.object({
  ...Resource.shape,
  reason: Reason,
  detail: z.string(),
  since: z.int().describe('When an attempt first found the resource unavailable'),
  until: z.int().describe('When the next attempt may try the resource'),
  tries: z.int().describe('How many tries in a row have failed'),
})
export type Closed = z.infer<typeof Closed>

/**
 * Returns the closed resources that jobs of a lane need.
 * @param accounts keys of the model accounts that the worker uses; other model accounts are left out.
 * null stands for all accounts.
 */
export const closedTo = <Row extends Pick<Closed, 'key' | 'covers'>>(
  rows: readonly Row[],
  lane: string,
  accounts: readonly string[] | null,
): readonly Row[] =>
  rows.filter(({ key, covers }) => concerns(key, accounts) && isCovered(lane, covers))

const concerns = (key: string, accounts: readonly string[] | null): boolean =>
  accounts === null || !key.startsWith('model:') || accounts.includes(key)

const isCovered = (lane: string, covers: readonly string[]): boolean =>
  lane.split(' ').some((part) => covers.some((pattern) => matches(part, pattern)))

/**
 * Returns the resource that an attempt at a job of this lane may close; null if the job does not
 * need the resource. Drops the patterns that do not belong to the resource's key, so that no worker
 * closes a resource for jobs that do not use it.
 */
export function closable({ key, covers }: Resource, lane: string): Resource | null {
  const own = covers.filter((pattern) => standsFor(key, pattern))
  return isCovered(lane, own) ? { key, covers: own } : null
}

const SSH = 'ssh://'

/**
 * Whether a pattern belongs to the resource with this key; `hostOf` makes the patterns of a host.
 */
function standsFor(key: string, pattern: string): boolean {
  if (key.startsWith('model:')) return pattern.startsWith('model:')
  const origin = key.slice('host:'.length)
  if (pattern === `repo:${origin}/*`) return true
  const [, name] = /^repo:[\w.-]+@(.+):\*$/.exec(pattern) ?? []
  return name !== undefined && origin === `${SSH}${name}`
}

const DELAYS_MS = [30_000, 60_000, 120_000] as const
const LONGEST_DELAY_MS = 120_000

/**
 * Returns the delay before the next try after `tries` failed tries in a row, in milliseconds: 30 s,
 * 60 s, and then always 120 s. Random jitter shortens the delay by up to a fifth, so that tries of
 * different hubs and resources do not coincide.
 * @param chance a random number from 0 to 1
 */
export const nextTryMs = (tries: number, chance: number): number =>
  Math.round((DELAYS_MS[tries - 1] ?? LONGEST_DELAY_MS) * (1 - chance / 5))

/**
 * The duration of a trial, in milliseconds. If the attempt has not reached the resource by then,
 * another attempt may become the trial, so that a lost attempt does not keep the resource closed.
 */
export const TRIAL_MS = 120_000

/**
 * How long after its `until` the row of a closed resource becomes stale, in milliseconds, if no
 * attempt has tried the resource since `until`. The next failure then counts as the start of a new
 * outage.
 */
export const STALE_MS = 600_000
