import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { openDiskArtifacts } from '../artifacts/disk-artifacts.ts'
import type { HubConfig } from '../config/settings.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { sqliteRefill } from '../ledger/sqlite/backup.ts'
import type { Refill } from '../ledger/tables.ts'
import { systemClock } from '../platform/clock.ts'
import { lockDataFolder } from '../platform/lock-data-folder.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { readRows } from './row-files.ts'
import { type Manifest, tableFile } from './manifest.ts'
import { checkBackup } from './check-backup.ts'
import { restore } from './restore.ts'
import { summary, type BackupContext } from './run-backup.ts'

/** Restores a backup into the hub that has these settings. Returns a one-line summary. */
export async function runRestore(
  source: string,
  config: HubConfig,
  { data, cwd }: Omit<BackupContext, 'version'>,
): Promise<string> {
  const store = config.store === undefined ? data : resolve(cwd, config.store)
  const backup = resolve(cwd, source)
  const manifest = await checkBackup(backup)
  await using opening = new AsyncDisposableStack()
  opening.use(lockDataFolder(data))
  const refill = opening.use(await refillOf(config, data, manifest))
  if (existsSync(join(store, 'store.json'))) {
    throw new AppError('restore-not-empty', `The store ${store} already belongs to a ledger.`)
  }
  await restore(backup, manifest, {
    refill,
    artifacts: await openDiskArtifacts(join(store, 'artifacts')),
    logs: join(store, 'logs'),
    markStore: () => markStore(backup, manifest, store),
  })
  return `restored ${summary(manifest)}`
}

/**
 * Opens an empty ledger with the backup's schema. The hub migrates the ledger at its next start.
 */
async function refillOf(
  { database }: HubConfig,
  data: string,
  { schemaVersion }: Manifest,
): Promise<Refill> {
  try {
    if (database === undefined) return sqliteRefill(data, schemaVersion, systemClock.now())
    const { postgresRefill } = await import('../ledger/postgres/backup.ts')
    return await postgresRefill(database.reveal(), schemaVersion)
  } catch (error) {
    if (!isAppError(error, 'schema-newer')) throw error
    throw new AppError(
      'restore-not-empty',
      'The ledger to restore into has a newer schema than the backup.',
      {
        cause: error,
      },
    )
  }
}

const StoreRow = z.object({ id: z.string() })

/**
 * Writes `store.json`, which marks the store as belonging to the restored ledger. The file contains
 * the store's id, which is copied from the backup. If the backup contains no such id, writes
 * nothing.
 */
async function markStore(
  backup: string,
  manifest: Manifest,
  store: string,
): Promise<{ undo(): Promise<void> }> {
  const path = join(store, 'store.json')
  if (manifest.tables['store'] !== undefined) {
    for await (const { id } of readRows(join(backup, tableFile('store')), StoreRow)) {
      await writeDurably(path, `${JSON.stringify({ id })}\n`)
    }
  }
  return { undo: () => rm(path, { force: true }) }
}
