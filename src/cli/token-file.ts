import { readFile } from 'node:fs/promises'
import type { RandomBytes } from '../domain/id.ts'
import type { Scope } from '../domain/principal.ts'
import { hashToken, issueToken } from '../hub/tokens.ts'
import type { Ledger } from '../ledger/port.ts'
import { writeDurably } from '../platform/durable-file.ts'

/**
 * The token in a file of the hub's own data folder, readable by its owner alone. A new one is made
 * when there is none, or when the ledger does not know it (any more).
 */
export async function ensureTokenFile(
  hub: { readonly ledger: Ledger; readonly random: RandomBytes },
  wanted: { readonly path: string; readonly name: string; readonly scope: Scope },
): Promise<string> {
  const { path, name, scope } = wanted
  const present = await readIfThere(path)
  if (present !== null) {
    const row = await hub.ledger.findToken(hashToken(present))
    if (row?.scopes.includes(scope) === true) return present
  }
  const { token } = await issueToken(hub, { name, scopes: [scope], expiresAt: null })
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
