import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { markBackup } from '../artifacts/backup-mark.ts'
import { openDiskArtifacts } from '../artifacts/disk-artifacts.ts'
import type { HubConfig } from '../config/settings.ts'
import { AppError } from '../domain/errors.ts'
import { plural } from '../domain/plural.ts'
import { openSnapshot } from '../ledger/open-snapshot.ts'
import { systemClock } from '../platform/clock.ts'
import { backUp } from './back-up.ts'
import type { Manifest } from './manifest.ts'

/** What a backup or a restore needs to know besides the hub's settings. */
export type BackupContext = {
  /** The hub's data folder. */
  readonly data: string
  readonly cwd: string
  /** The version of this program. */
  readonly version: string
}

/** Backs up the hub that has these settings into an empty folder. Returns a one-line summary. */
export async function runBackup(
  target: string,
  config: HubConfig,
  { data, cwd, version }: BackupContext,
): Promise<string> {
  const folder = resolve(cwd, target)
  if (config.database === undefined) requireLedger(data)
  await requireEmpty(folder)
  const store = config.store === undefined ? data : resolve(cwd, config.store)
  // The mark stops garbage collection. It is set before the snapshot is opened, so that no artifact
  // or log that the snapshot refers to is deleted.
  await using running = new AsyncDisposableStack()
  running.use(await markBackup(store, systemClock))
  const manifest = await backUp(
    {
      openSnapshot: () => openSnapshot(config.database, data),
      artifacts: await openDiskArtifacts(join(store, 'artifacts')),
      logs: join(store, 'logs'),
    },
    folder,
    { program: version, takenAt: systemClock.now() },
  )
  return `${summary(manifest)} in ${folder}`
}

/** Describes the contents of a backup in one line. */
export const summary = ({ tables, artifacts }: Manifest): string =>
  [
    plural(tables['job']?.rows ?? 0, 'job'),
    plural(tables['event']?.rows ?? 0, 'event'),
    plural(artifacts, 'artifact'),
    plural(tables['token']?.rows ?? 0, 'token'),
  ].join(', ')

function requireLedger(data: string): void {
  if (existsSync(join(data, 'ledger.db'))) return
  throw new AppError('data-dir-unusable', `There is no ledger in ${data}.`, {
    details: { folder: data },
  })
}

async function requireEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length === 0) return
  throw new AppError('backup-not-empty', `The folder ${folder} is not empty.`)
}
