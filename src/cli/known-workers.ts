import type { HubClient } from '../protocol/client.ts'
import type { Seen } from '../words/why-waiting.ts'
import { ifReadable } from './if-readable.ts'

/**
 * Lists a hub's workers. Returns null if the token does not allow listing them, or if the hub
 * stopped answering.
 */
export const knownWorkers = async (client: HubClient): Promise<readonly Seen[] | null> =>
  (await ifReadable(client.call('listWorkers', {})))?.workers ?? null
