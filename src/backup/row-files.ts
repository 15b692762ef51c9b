import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import type { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { fileDigest } from '../platform/file-digest.ts'
import type { RowFile } from './manifest.ts'

/** Writes one line of JSON for each row. The file is durable once its folder is synced. */
export async function writeRows(file: string, rows: AsyncIterable<object>): Promise<RowFile> {
  const hash = createHash('sha256')
  let count = 0
  async function* lines(): AsyncGenerator<string> {
    for await (const row of rows) {
      count += 1
      const line = `${JSON.stringify(row)}\n`
      hash.update(line)
      yield line
    }
  }
  await pipeline(lines(), createWriteStream(file, { mode: 0o600, flush: true }))
  return { rows: count, digest: hash.digest('hex') }
}

/**
 * Reads the rows of a file. Throws `backup-invalid` for a row that does not match the schema `row`.
 */
export async function* readRows<Row>(file: string, row: z.ZodType<Row>): AsyncGenerator<Row> {
  for await (const line of createInterface(createReadStream(file))) {
    const read = row.safeParse(JSON.parse(line))
    if (!read.success)
      throw invalidBackup(`${file} contains a row that this version of Millwright cannot read`)
    yield read.data
  }
}

/** Throws `backup-invalid` unless the file's bytes have this SHA-256. */
export async function verifyDigest(file: string, digest: string): Promise<void> {
  const found = await fileDigest(file).catch((error: unknown) => {
    throw invalidBackup(`${file} cannot be read`, error)
  })
  if (found !== digest) throw invalidBackup(`${file} has changed since the backup`)
}

/** The error for a backup that cannot be restored. */
export const invalidBackup = (what: string, cause?: unknown): AppError =>
  new AppError('backup-invalid', `${what}.`, { cause })
