import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { openDiskArtifacts } from '../../artifacts/disk-artifacts.ts'
import type { HubConfig } from '../../config/settings.ts'
import { AppError } from '../../domain/errors.ts'
import { sqliteRefill } from '../../ledger/sqlite/backup.ts'
import { ownFolder } from '../../ledger/sqlite/owner-lock.ts'
import type { Refill } from '../../ledger/tables.ts'
import { systemClock } from '../../platform/clock.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { dataFolder } from '../find-hub.ts'
import type { Terminal } from '../terminal.ts'
import { tableFile } from './manifest.ts'
import { checkBackup } from './check-backup.ts'
import { restore } from './restore.ts'
import { summary } from './run-backup.ts'

/** Restores a backup into what these settings name; answers what it held, in one line. */
export async function runRestore(
  source: string,
  config: HubConfig,
  { env, cwd }: Pick<Terminal, 'env' | 'cwd'>,
): Promise<string> {
  const data = dataFolder(config.data, env, cwd)
  const store = config.store === undefined ? data : resolve(cwd, config.store)
  const backup = resolve(cwd, source)
  const manifest = await checkBackup(backup)
  await mkdir(data, { recursive: true, mode: 0o700 })
  await using opening = new AsyncDisposableStack()
  opening.use(ownFolder(data))
  const refill = opening.use(await refillOf(config, data))
  if (existsSync(join(store, 'store.json'))) {
    throw new AppError('restore-not-empty', `The store ${store} is in use.`)
  }
  await restore(backup, manifest, {
    refill,
    artifacts: await openDiskArtifacts(join(store, 'artifacts')),
    logs: join(store, 'logs'),
    nameStore: () => nameStore(backup, store),
  })
  return `restored ${summary(manifest)}`
}

async function refillOf({ database }: HubConfig, data: string): Promise<Refill> {
  if (database === undefined) return sqliteRefill(data, systemClock.now())
  const { postgresRefill } = await import('../../ledger/postgres/backup.ts')
  return postgresRefill(database.reveal())
}

const StoreRow = z.object({ id: z.string() })

/** The store gets the name by which the ledger knows it. */
async function nameStore(backup: string, store: string): Promise<{ undo(): Promise<void> }> {
  const path = join(store, 'store.json')
  const [line] = (await readFile(join(backup, tableFile('store')), 'utf8')).split('\n')
  if (line !== undefined && line !== '') {
    const { id } = StoreRow.parse(JSON.parse(line))
    await writeDurably(path, `${JSON.stringify({ id })}\n`)
  }
  return { undo: () => rm(path, { force: true }) }
}
