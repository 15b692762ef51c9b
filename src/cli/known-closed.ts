import type { Closed } from '../domain/closed.ts'
import type { HubClient } from '../protocol/client.ts'
import { ifReadable } from './if-readable.ts'

/**
 * Lists the closed resources that a hub knows, such as a git host that does not answer. Returns an
 * empty list if the token does not allow listing them, or if the hub stopped answering.
 */
export const knownClosed = async (client: HubClient): Promise<readonly Closed[]> =>
  (await ifReadable(client.call('listClosed', {})))?.closed ?? []
