import { createWriteStream } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ArtifactStore } from '../artifacts/port.ts'
import { type Row, type Snapshot, type Table, tablesOf } from '../ledger/tables.ts'
import { syncFolder, writeDurably } from '../platform/durable-file.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { copyFiles } from './copy-files.ts'
import { writeRows } from './row-files.ts'
import { FORMAT, LOG_LIST, type Manifest, tableFile } from './manifest.ts'

/** The parts of a hub that are backed up. */
export type BackupSource = {
  /**
   * Opens a snapshot of the ledger. The snapshot is kept open only while rows are read, because an
   * open snapshot blocks SQLite's checkpoints and PostgreSQL's vacuum.
   */
  readonly openSnapshot: () => Promise<Snapshot>
  readonly artifacts: Pick<ArtifactStore, 'open'>
  /** The folder that contains all logs, with a subfolder for each job. */
  readonly logs: string
}

/**
 * Writes the ledger's rows, and the artifacts and logs they refer to, into an empty folder.
 * Verifies artifacts against their digests. The rows are one consistent snapshot; a log is copied
 * later and may therefore be slightly longer than its row says.
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
  const observe = ({ name }: Table, row: Row): void => {
    if (name === 'artifact' || name === 'blob') digests.add(String(row['digest']))
    if (name === 'job') jobs.push(String(row['id']))
  }
  for (const table of tablesOf(snapshot)) {
    const rows = observed(snapshot.rows(table), (row) => observe(table, row))
    tables[table.name] = await writeRows(join(folder, tableFile(table.name)), rows)
  }
  await syncFolder(join(folder, 'tables'))
  return { schemaVersion: snapshot.schemaVersion, tables, digests, jobs }
}

async function* observed(
  rows: AsyncIterable<Row>,
  observe: (row: Row) => void,
): AsyncGenerator<Row> {
  for await (const row of rows) {
    observe(row)
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

/**
 * Yields the paths of the log files of these jobs, relative to `logs`. A log consists of files that
 * never change; the hub may add more files while a backup runs.
 */
async function* logFiles(logs: string, jobs: readonly string[]): AsyncGenerator<string> {
  for (const job of jobs) {
    const folder = join(logs, job)
    // A job without logs has no folder. If the folder exists, a file that disappears before it is
    // copied is an error.
    if ((await readdir(folder).catch(nullWhenMissing)) === null) continue
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) yield relative(logs, join(file.parentPath, file.name))
    }
  }
}
