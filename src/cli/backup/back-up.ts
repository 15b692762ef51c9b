import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ArtifactStore } from '../../artifacts/port.ts'
import { type Row, type Snapshot, type Table, TABLES } from '../../ledger/tables.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { FORMAT, type Manifest, tableFile } from './manifest.ts'

/** What is to be kept. */
export type Kept = {
  readonly snapshot: Snapshot
  readonly artifacts: Pick<ArtifactStore, 'open'>
  /** The folder of logs, one folder inside for each job. */
  readonly logs: string
}

/**
 * Writes everything the snapshot speaks of into an empty folder. Bytes are checked against their
 * digest on the way. Rows are from one moment; a log may be a little longer than they say.
 */
export async function backUp(
  { snapshot, artifacts, logs }: Kept,
  folder: string,
  about: Pick<Manifest, 'program' | 'takenAt'>,
): Promise<Manifest> {
  await mkdir(join(folder, 'tables'), { recursive: true, mode: 0o700 })
  await mkdir(join(folder, 'artifacts'), { mode: 0o700 })
  await mkdir(join(folder, 'logs'), { mode: 0o700 })
  const tables: Manifest['tables'] = {}
  const digests = new Set<string>()
  const jobs: string[] = []
  const look = ({ name }: Table, row: Row): void => {
    if (name === 'artifact') digests.add(String(row['digest']))
    if (name === 'job') jobs.push(String(row['id']))
  }
  for (const table of TABLES) {
    tables[table.name] = await writeTable(snapshot, table, folder, (row) => look(table, row))
  }
  for (const digest of digests) {
    const bytes = await artifacts.open(digest)
    await pipeline(bytes, createWriteStream(join(folder, 'artifacts', digest), { mode: 0o600 }))
  }
  const kept = await Promise.all(jobs.map((job) => copyLog(logs, folder, job)))
  const manifest: Manifest = {
    format: FORMAT,
    ...about,
    schemaVersion: snapshot.schemaVersion,
    tables,
    artifacts: digests.size,
    logs: kept.filter(Boolean).length,
  }
  await writeDurably(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

async function writeTable(
  snapshot: Snapshot,
  table: Table,
  folder: string,
  look: (row: Row) => void,
): Promise<{ rows: number; digest: string }> {
  const hash = createHash('sha256')
  let rows = 0
  async function* lines(): AsyncGenerator<string> {
    for await (const row of snapshot.rows(table)) {
      look(row)
      rows += 1
      const line = `${JSON.stringify(row)}\n`
      hash.update(line)
      yield line
    }
  }
  const file = createWriteStream(join(folder, tableFile(table.name)), { mode: 0o600 })
  await pipeline(lines(), file)
  return { rows, digest: hash.digest('hex') }
}

/** Whether there was one. Segments are never changed, only added. */
async function copyLog(logs: string, folder: string, job: string): Promise<boolean> {
  try {
    await cp(join(logs, job), join(folder, 'logs', job), { recursive: true })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
