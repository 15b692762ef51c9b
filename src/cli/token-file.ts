import { readFile } from 'node:fs/promises'
import type { RandomBytes } from '../domain/id.ts'
import { hashToken, issueToken } from '../hub/tokens.ts'
import type { Ledger } from '../ledger/port.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { type LocalToken, tokenIn } from './find-hub.ts'

/**
 * The token that programs of the same user find in the hub’s data folder, readable by its owner
 * alone; its scope is its name. A new one is made when there is none, or when the ledger does not
 * know it (any more).
 */
export async function ensureTokenFile(
  hub: { readonly ledger: Ledger; readonly random: RandomBytes; readonly folder: string },
  whose: LocalToken,
): Promise<string> {
  const path = tokenIn(hub.folder, whose)
  const present = await readIfThere(path)
  if (present !== null) {
    const row = await hub.ledger.findToken(hashToken(present))
    if (row?.scopes.includes(whose) === true) return present
  }
  const { token } = await issueToken(hub, { name: whose, scopes: [whose], expiresAt: null })
  await writeDurably(path, `${token}\n`)
  return token
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
