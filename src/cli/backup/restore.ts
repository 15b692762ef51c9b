import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import type { ArtifactStore } from '../../artifacts/port.ts'
import { AppError } from '../../domain/errors.ts'
import { type Refill, type Row, type Table, TABLES } from '../../ledger/tables.ts'
import { Manifest, tableFile } from './manifest.ts'

const ROWS_A_TIME = 500
const ARTIFACT_BYTES_MAX = Number.MAX_SAFE_INTEGER
const AnyRow = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))

/** Reads what a backup says of itself and checks every byte of it. Throws `backup-invalid`. */
export async function checkBackup(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder)
  for (const { name } of tablesOf(manifest)) {
    const { digest } = manifest.tables[name] ?? { digest: 'missing' }
    await demand(join(folder, tableFile(name)), digest)
  }
  const names = await readdir(join(folder, 'artifacts'))
  if (names.length !== manifest.artifacts) throw spoilt(`${folder} lacks artifacts`)
  for (const name of names) await demand(join(folder, 'artifacts', name), name)
  return manifest
}

/** The tables that the program knew which made the backup; later ones stay empty. */
const tablesOf = ({ schemaVersion }: Manifest): readonly Table[] =>
  TABLES.filter(({ since }) => since <= schemaVersion)

/** Fills an empty ledger and store from a backup that was checked. */
export async function restore(
  folder: string,
  manifest: Manifest,
  into: {
    readonly refill: Refill
    readonly artifacts: Pick<ArtifactStore, 'put'>
    readonly logs: string
  },
): Promise<void> {
  for (const digest of await readdir(join(folder, 'artifacts'))) {
    const bytes = createReadStream(join(folder, 'artifacts', digest))
    await into.artifacts.put(bytes, { expectedDigest: digest, maxBytes: ARTIFACT_BYTES_MAX })
  }
  await cp(join(folder, 'logs'), into.logs, { recursive: true })
  for (const table of tablesOf(manifest)) await fill(folder, table, into.refill)
  // Last: rows never speak of bytes that are not there.
  await into.refill.commit()
}

async function fill(folder: string, table: Table, refill: Refill): Promise<void> {
  let page: Row[] = []
  const lines = createInterface(createReadStream(join(folder, tableFile(table.name))))
  for await (const line of lines) {
    page.push(AnyRow.parse(JSON.parse(line)))
    if (page.length < ROWS_A_TIME) continue
    await refill.insert(table, page)
    page = []
  }
  await refill.insert(table, page)
}

async function readManifest(folder: string): Promise<Manifest> {
  try {
    return Manifest.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
  } catch (error) {
    throw new AppError(
      'backup-invalid',
      `${folder} is no whole backup: its manifest is missing or another version's.`,
      { cause: error },
    )
  }
}

async function demand(file: string, digest: string): Promise<void> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(file), hash)
  } catch (error) {
    throw new AppError('backup-invalid', `${file} cannot be read.`, { cause: error })
  }
  if (hash.digest('hex') !== digest) throw spoilt(`${file} is not what was backed up`)
}

const spoilt = (what: string): AppError => new AppError('backup-invalid', `${what}.`)
