import type { RandomBytes } from '../domain/id.ts'
import { hashToken, issueToken } from '../hub/tokens.ts'
import type { Ledger } from '../ledger/port.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { readIfPresent } from '../platform/read-if-present.ts'
import { type LocalToken, tokenIn } from './data-folder.ts'

/**
 * Returns the admin token or the worker token from its file in the hub’s data folder. The file is
 * for programs of the same user; other users cannot read it. If the file is missing, or the ledger
 * does not know its token, creates a new token and writes the file.
 * @param whose which of the two tokens; also the scope of the token
 */
export async function ensureTokenFile(
  hub: { readonly ledger: Ledger; readonly random: RandomBytes; readonly folder: string },
  whose: LocalToken,
): Promise<string> {
  const path = tokenIn(hub.folder, whose)
  const present = (await readIfPresent(path))?.trim()
  if (present !== undefined) {
    const row = await hub.ledger.findToken(hashToken(present))
    if (row?.scopes.includes(whose) === true) return present
  }
  const { token } = await issueToken(hub, { name: whose, scopes: [whose], expiresAt: null })
  await writeDurably(path, `${token}\n`)
  return token
}
