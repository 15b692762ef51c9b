import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isAppError } from '../domain/errors.ts'
import { openSnapshot } from '../ledger/open-snapshot.ts'
import { isSqliteError } from '../ledger/sqlite/sqlite-error.ts'
import { damaged } from '../ledger/sqlite/open.ts'
import { type Check, failure, ok } from './finding.ts'
import { strandedFindings } from './ledger.ts'

/**
 * Checks that the ledger can be read, and that no job is stranded, which means waiting for a lock
 * key that is free. Needs no running hub.
 */
export const checkStored: Check = async ({ config, folder }) => {
  if (config.database === undefined && !existsSync(join(folder, 'ledger.db'))) return []
  try {
    await using snapshot = await openSnapshot(config.database, folder)
    const where = config.database === undefined ? folder : 'PostgreSQL'
    const found = ok('ledger', `schema version ${snapshot.schemaVersion} in ${where}`)
    return [found, ...(await strandedFindings(snapshot))]
  } catch (error) {
    if (isSqliteError(error, 'damaged')) {
      const { message, fix } = damaged(folder, error)
      return [failure('ledger', message, fix)]
    }
    if (isAppError(error)) return [failure('ledger', error.message, error.fix)]
    if (!isSqliteError(error, 'unusable')) throw error
    const why = error instanceof Error ? error.message : String(error)
    return [
      failure(
        'ledger',
        `the ledger in ${folder} cannot be read: ${why}`,
        'Check the permissions of its files.',
      ),
    ]
  }
}
