import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { openDiskArtifacts } from '../../artifacts/disk-artifacts.ts'
import { HubConfig } from '../../config/settings.ts'
import { AppError } from '../../domain/errors.ts'
import { sqliteRefill } from '../../ledger/sqlite/backup.ts'
import { ownFolder } from '../../ledger/sqlite/owner-lock.ts'
import type { Refill } from '../../ledger/tables.ts'
import { systemClock } from '../../platform/clock.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { tableFile } from '../backup/manifest.ts'
import { checkBackup, restore } from '../backup/restore.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { dataFolder } from '../find-hub.ts'
import { printer } from '../print/printer.ts'
import { readSettings } from '../read-settings.ts'
import { summary } from './backup.ts'

/** `millwright restore`: a backup becomes a hub's data again. */
export function addRestore(program: Command, { terminal }: Invocation): void {
  const command = program
    .command('restore')
    .summary('fill an empty hub from a backup')
    .description(
      'Checks every byte of a backup, then fills an empty data folder, database and store with it. ' +
        'Jobs that ran run again when their leases have run out.',
    )
    .argument('<folder>', 'the backup')
  addSettings(command, HubConfig)
  onRun(command, NoFlags, async (_, [source = '']) => {
    const { env, cwd } = terminal
    const config = await readSettings(HubConfig, command.opts(), terminal)
    const data = dataFolder(config.data, env, cwd)
    const store = config.store === undefined ? data : resolve(cwd, config.store)
    const backup = resolve(cwd, source)
    const manifest = await checkBackup(backup)
    await mkdir(data, { recursive: true, mode: 0o700 })
    await using opening = new AsyncDisposableStack()
    opening.use(ownFolder(data))
    const refill = opening.use(await refillOf(config, data))
    await nameStore(backup, store)
    const artifacts = await openDiskArtifacts(join(store, 'artifacts'))
    await restore(backup, { refill, artifacts, logs: join(store, 'logs') })
    const print = printer(terminal, false)
    print.line(`restored ${summary(manifest)}`)
    print.line('next: millwright up, or millwright hub; a new admin token is made there')
  })
}

async function refillOf({ database }: HubConfig, data: string): Promise<Refill> {
  if (database === undefined) return sqliteRefill(data, systemClock.now())
  const { postgresRefill } = await import('../../ledger/postgres/backup.ts')
  return postgresRefill(database.reveal())
}

const StoreRow = z.object({ id: z.string() })

/** The store gets the name by which the ledger knows it. */
async function nameStore(backup: string, store: string): Promise<void> {
  const path = join(store, 'store.json')
  if (existsSync(path)) throw new AppError('restore-not-empty', `The store ${store} is in use.`)
  const [line] = (await readFile(join(backup, tableFile('store')), 'utf8')).split('\n')
  if (line === undefined || line === '') return
  const { id } = StoreRow.parse(JSON.parse(line))
  await writeDurably(path, `${JSON.stringify({ id })}\n`)
}
