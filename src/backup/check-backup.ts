import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { missingFrom } from '../ledger/migration.ts'
import { MIGRATIONS } from '../ledger/sqlite/migrations/all.ts'
import { tablesOf } from '../ledger/tables.ts'
import { demandDigest, readRows, spoilt } from './listed.ts'
import { LOG_LIST, LogFile, Manifest, tableFile } from './manifest.ts'

/**
 * Reads what a backup says of itself and checks every byte of it. Throws `backup-invalid`, and
 * `schema-newer` when a later program made it.
 */
export async function checkBackup(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder)
  missingFrom(MIGRATIONS, manifest.schemaVersion)
  for (const { name } of tablesOf(manifest)) {
    const { digest } = manifest.tables[name] ?? { digest: 'missing' }
    await demandDigest(join(folder, tableFile(name)), digest)
  }
  const names = await readdir(join(folder, 'artifacts'))
  if (names.length !== manifest.artifacts) throw spoilt(`${folder} lacks artifacts`)
  for (const name of names) await demandDigest(join(folder, 'artifacts', name), name)

  await demandDigest(join(folder, LOG_LIST), manifest.logs.digest)
  for await (const { path, digest } of readRows(join(folder, LOG_LIST), LogFile)) {
    await demandDigest(join(folder, 'logs', path), digest)
  }
  return manifest
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
