import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { openDiskArtifacts } from '../../artifacts/disk-artifacts.ts'
import { HubConfig } from '../../config/settings.ts'
import { AppError } from '../../domain/errors.ts'
import { sqliteSnapshot } from '../../ledger/sqlite/backup.ts'
import type { Snapshot } from '../../ledger/tables.ts'
import { systemClock } from '../../platform/clock.ts'
import { backUp } from '../backup/back-up.ts'
import type { Manifest } from '../backup/manifest.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { dataFolder } from '../find-hub.ts'
import { printer } from '../print/printer.ts'
import { readSettings } from '../read-settings.ts'
import { programVersion } from '../version.ts'

/** `millwright backup`: everything a hub keeps, as it is at this moment, beside the running hub. */
export function addBackup(program: Command, { terminal }: Invocation): void {
  const command = program
    .command('backup')
    .summary('write ledger, artifacts, logs and tokens into a folder')
    .description(
      'Writes a backup into an empty folder. The hub may run on meanwhile. A backup of SQLite can ' +
        'be restored into PostgreSQL and the other way round.',
    )
    .argument('<folder>', 'where to; made when it is missing')
  addSettings(command, HubConfig)
  onRun(command, NoFlags, async (_, [target = '']) => {
    const { env, cwd } = terminal
    const config = await readSettings(HubConfig, command.opts(), terminal)
    const data = dataFolder(config.data, env, cwd)
    const folder = resolve(cwd, target)
    await demandEmpty(folder)
    const store = config.store === undefined ? data : resolve(cwd, config.store)
    await using snapshot = await snapshotOf(config, data)
    const manifest = await backUp(
      {
        snapshot,
        artifacts: await openDiskArtifacts(join(store, 'artifacts')),
        logs: join(store, 'logs'),
      },
      folder,
      { program: programVersion(), takenAt: systemClock.now() },
    )
    printer(terminal, false).line(`${summary(manifest)} in ${folder}`)
  })
}

/** What a backup holds, in one line. */
export const summary = ({ tables, artifacts }: Manifest): string =>
  `${tables['job']?.rows ?? 0} jobs, ${tables['event']?.rows ?? 0} events, ` +
  `${artifacts} artifacts, ${tables['token']?.rows ?? 0} tokens`

async function snapshotOf({ database }: HubConfig, data: string): Promise<Snapshot> {
  if (database !== undefined) {
    const { postgresSnapshot } = await import('../../ledger/postgres/backup.ts')
    return postgresSnapshot(database.reveal())
  }
  if (existsSync(join(data, 'ledger.db'))) return sqliteSnapshot(data)
  throw new AppError('data-dir-unusable', `There is no ledger in ${data}.`, {
    details: { folder: data },
  })
}

async function demandEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length === 0) return
  throw new AppError('restore-not-empty', `The folder ${folder} is not empty.`)
}
