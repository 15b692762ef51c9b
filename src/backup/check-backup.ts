import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { plural } from '../domain/plural.ts'
import { readIfPresent } from '../platform/read-if-present.ts'
import { missingFrom } from '../ledger/migration.ts'
import { MIGRATIONS } from '../ledger/sqlite/migrations/all.ts'
import { tablesOf } from '../ledger/tables.ts'
import { invalidBackup, readRows, verifyDigest } from './row-files.ts'
import { LOG_LIST, LogFile, Manifest, tableFile } from './manifest.ts'

/**
 * Reads a backup's manifest and verifies every file against its digest. Throws `backup-invalid` if a
 * file is missing or does not match, and `schema-newer` if a later version of this program made the
 * backup.
 */
export async function checkBackup(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder)
  missingFrom(MIGRATIONS, manifest.schemaVersion)
  for (const { name } of tablesOf(manifest)) {
    const { digest } = manifest.tables[name] ?? { digest: 'missing' }
    await verifyDigest(join(folder, tableFile(name)), digest)
  }
  const names = await readdir(join(folder, 'artifacts'))
  if (names.length !== manifest.artifacts)
    throw invalidBackup(
      `${folder} contains ${plural(names.length, 'artifact')}, but its manifest.json says ${manifest.artifacts}`,
    )
  for (const name of names) await verifyDigest(join(folder, 'artifacts', name), name)

  await verifyDigest(join(folder, LOG_LIST), manifest.logs.digest)
  for await (const { path, digest } of readRows(join(folder, LOG_LIST), LogFile)) {
    await verifyDigest(join(folder, 'logs', path), digest)
  }
  return manifest
}

async function readManifest(folder: string): Promise<Manifest> {
  if (!existsSync(folder)) throw invalidBackup(`There is no folder ${folder}`)
  const text = await readIfPresent(join(folder, 'manifest.json'))
  if (text === null)
    throw invalidBackup(`${folder} is not a complete backup: it has no manifest.json`)
  try {
    return Manifest.parse(JSON.parse(text))
  } catch (error) {
    throw new AppError(
      'backup-invalid',
      `${folder} cannot be restored: its manifest.json is damaged or has another format version.`,
      { cause: error },
    )
  }
}
