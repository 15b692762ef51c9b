import { z } from 'zod'
import { Reason } from './outcome.ts'
import { matches } from './offer.ts'
import { Resource } from './resource.ts'

/** A resource that is closed: while it is away, or refuses requests, the hub keeps jobs from it. */
export const Closed = z.object({
  ...Resource.shape,
  reason: Reason,
  detail: z.string(),
  since: z.int().describe('When an attempt first found the resource closed'),
  until: z.int().describe('When the next attempt may try the resource'),
  tries: z.int().describe('How many tries in a row have failed'),
})
export type Closed = z.infer<typeof Closed>

/**
 * The closed resources that jobs of a lane need.
 * @param accounts the keys of the worker's accounts at models, because other accounts do not concern
 * it; null for all accounts
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

const DELAYS_MS = [30_000, 60_000, 120_000] as const
const LONGEST_DELAY_MS = 120_000

/**
 * How long to wait before the next try after `tries` failed ones, in milliseconds: about 30 s, 60 s
 * and then 120 s. At most a fifth shorter, by chance, so that many hubs and hosts do not keep step.
 * @param chance from 0 to 1
 */
export const nextTryMs = (tries: number, chance: number): number =>
  Math.round((DELAYS_MS[tries - 1] ?? LONGEST_DELAY_MS) * (1 - chance / 5))

/**
 * How long one attempt has to find out whether a resource is back, in milliseconds. After that time
 * another attempt may try too, so that a lost attempt does not keep the resource closed.
 */
export const TRIAL_MS = 120_000

/**
 * A row that nobody has tried for this long says nothing about a new outage, which then counts from
 * its own beginning. In milliseconds.
 */
export const STALE_MS = 600_000
