import { isAppError } from '../domain/errors.ts'
import type { HubClient } from '../protocol/client.ts'
import type { Seen } from '../words/why-waiting.ts'

/** The workers that a hub knows; null if the token may not list them. */
export async function knownWorkers(client: HubClient): Promise<readonly Seen[] | null> {
  try {
    return (await client.call('listWorkers', {})).workers
  } catch (error) {
    if (isAppError(error, 'scope-missing')) return null
    throw error
  }
}
