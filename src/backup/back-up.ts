import { createWriteStream } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ArtifactStore } from '../artifacts/port.ts'
import { type Row, type Snapshot, type Table, tablesOf } from '../ledger/tables.ts'
import { syncFolder, writeDurably } from '../platform/durable-file.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { copyFiles } from './copy-files.ts'
import { writeRows } from './listed.ts'
import { FORMAT, LOG_LIST, type Manifest, tableFile } from './manifest.ts'

/** What a backup is taken of. */
export type BackupSource = {
  /** Open only while rows are read: on SQLite its log grows meanwhile, PostgreSQL cleans nothing up. */
  readonly openSnapshot: () => Promise<Snapshot>
  readonly artifacts: Pick<ArtifactStore, 'open'>
  /** The folder of logs, one folder inside for each job. */
  readonly logs: string
}

/**
 * Writes everything the snapshot speaks of into an empty folder. Bytes are checked against their
 * digest on the way. Rows are from one moment; a log may be a little longer than they say.
 */
export async function backUp(
  { openSnapshot, artifacts, logs }: BackupSource,
  folder: string,
  about: Pick<Manifest, 'program' | 'takenAt'>,
): Promise<Manifest> {
  for (const part of ['tables', 'artifacts', 'logs']) {
    await mkdir(join(folder, part), { recursive: true, mode: 0o700 })
  }
  const rows = await writeTables(openSnapshot, folder)
  await writeArtifacts(artifacts, rows.digests, folder)
  const files = copyFiles(logs, join(folder, 'logs'), logFiles(logs, rows.jobs))
  const manifest: Manifest = {
    format: FORMAT,
    ...about,
    schemaVersion: rows.schemaVersion,
    tables: rows.tables,
    artifacts: rows.digests.size,
    logs: await writeRows(join(folder, LOG_LIST), files),
  }
  await writeDurably(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

type Written = Pick<Manifest, 'schemaVersion' | 'tables'> & {
  readonly digests: ReadonlySet<string>
  readonly jobs: readonly string[]
}

async function writeTables(
  openSnapshot: () => Promise<Snapshot>,
  folder: string,
): Promise<Written> {
  await using snapshot = await openSnapshot()
  const tables: Manifest['tables'] = {}
  const digests = new Set<string>()
  const jobs: string[] = []
  const look = ({ name }: Table, row: Row): void => {
    if (name === 'artifact' || name === 'blob') digests.add(String(row['digest']))
    if (name === 'job') jobs.push(String(row['id']))
  }
  for (const table of tablesOf(snapshot)) {
    const rows = lookedAt(snapshot.rows(table), (row) => look(table, row))
    tables[table.name] = await writeRows(join(folder, tableFile(table.name)), rows)
  }
  await syncFolder(join(folder, 'tables'))
  return { schemaVersion: snapshot.schemaVersion, tables, digests, jobs }
}

async function* lookedAt(rows: AsyncIterable<Row>, look: (row: Row) => void): AsyncGenerator<Row> {
  for await (const row of rows) {
    look(row)
    yield row
  }
}

async function writeArtifacts(
  artifacts: BackupSource['artifacts'],
  digests: ReadonlySet<string>,
  folder: string,
): Promise<void> {
  for (const digest of digests) {
    const bytes = await artifacts.open(digest)
    const path = join(folder, 'artifacts', digest)
    await pipeline(bytes, createWriteStream(path, { mode: 0o600, flush: true }))
  }
  await syncFolder(join(folder, 'artifacts'))
}

/** Of these jobs; one may have none. Files are never changed, only added. */
async function* logFiles(logs: string, jobs: readonly string[]): AsyncGenerator<string> {
  for (const job of jobs) {
    const folder = join(logs, job)
    if ((await readdir(folder).catch(nullWhenMissing)) === null) continue
    // From here on whatever is missing is missing, not absent.
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) yield relative(logs, join(file.parentPath, file.name))
    }
  }
}
