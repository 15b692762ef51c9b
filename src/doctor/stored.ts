import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isSqliteError } from '../ledger/sqlite/sqlite-error.ts'
import { sqliteSnapshot } from '../ledger/sqlite/backup.ts'
import { damaged } from '../ledger/sqlite/open.ts'
import { type Check, failure, ok } from './finding.ts'

/** Whether the ledger’s file can be read at all, also while no hub runs. */
export const checkStored: Check = async ({ config, folder }) => {
  if (config.database !== undefined || !existsSync(join(folder, 'ledger.db'))) return []
  try {
    await using snapshot = sqliteSnapshot(folder)
    return [ok('ledger', `schema version ${snapshot.schemaVersion} in ${folder}`)]
  } catch (error) {
    if (isSqliteError(error, 'damaged')) {
      const { message, fix } = damaged(folder, error)
      return [failure('ledger', message, fix)]
    }
    if (!isSqliteError(error, 'unusable')) throw error
    const why = error instanceof Error ? error.message : String(error)
    return [failure('ledger', `in ${folder} cannot be read: ${why}`, 'Check its permissions.')]
  }
}
