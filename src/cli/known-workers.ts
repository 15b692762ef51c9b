import { isAppError } from '../domain/errors.ts'
import type { HubClient } from '../protocol/client.ts'
import type { Seen } from '../words/why-waiting.ts'

/**
 * Lists a hub's workers. Returns null if the token does not allow listing them, or if the hub stopped
 * answering.
 */
export async function knownWorkers(client: HubClient): Promise<readonly Seen[] | null> {
  try {
    return (await client.call('listWorkers', {})).workers
  } catch (error) {
    if (isAppError(error) && (error.code === 'scope-missing' || error.retryable)) return null
    throw error
  }
}
