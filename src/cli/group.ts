import { AppError, isAppError } from '../domain/errors.ts'
import { addTotals, NO_TOTALS, type Totals } from '../domain/totals.ts'
import type { HubClient } from '../protocol/client.ts'

/** Reads the totals of a group. Throws `group-not-found` if no job belongs to it. */
export async function readGroup(client: HubClient, group: string): Promise<Totals> {
  const totals = await client.call('groupTotals', { query: { group } })
  if (totals.usage.jobs > 0) return totals
  throw new AppError('group-not-found', `No job belongs to the group ${JSON.stringify(group)}`)
}

/** Adds up the totals of several groups. Throws `group-not-found` if one of them has no job. */
export async function readGroups(client: HubClient, groups: readonly string[]): Promise<Totals> {
  let sum = NO_TOTALS
  for (const group of groups) sum = addTotals(sum, await readGroup(client, group))
  return sum
}

/** Like `readGroup`, but returns null if the hub is older than this program and has no totals. */
export async function readGroupIfKnown(client: HubClient, group: string): Promise<Totals | null> {
  try {
    return await client.call('groupTotals', { query: { group } })
  } catch (error) {
    if (isAppError(error, 'route-unknown')) return null
    throw error
  }
}
