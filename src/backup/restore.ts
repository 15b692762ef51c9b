import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ArtifactStore } from '../artifacts/port.ts'
import { type Refill, type Row, type Table, tablesOf } from '../ledger/tables.ts'
import { copyFiles } from './copy-files.ts'
import { readRows } from './row-files.ts'
import { LOG_LIST, LogFile, type Manifest, tableFile } from './manifest.ts'

const ROWS_A_TIME = 500
const ARTIFACT_BYTES_MAX = Number.MAX_SAFE_INTEGER
const AnyRow = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))

/**
 * Returns the schema for the rows of a table. A row may lack columns, because older versions wrote
 * backups before these columns existed. Unknown columns are refused.
 */
const rowOf = ({ columns }: Table): z.ZodType<Row> =>
  AnyRow.refine((row) => Object.keys(row).every((column) => columns.includes(column)))

/**
 * Fills an empty ledger and store from a verified backup. A restore that failed can be repeated.
 */
export async function restore(
  folder: string,
  manifest: Manifest,
  into: {
    readonly refill: Refill
    readonly artifacts: Pick<ArtifactStore, 'put'>
    readonly logs: string
    /**
     * Marks the store as belonging to the restored ledger. No other ledger can use the store until
     * the mark is undone.
     */
    readonly markStore: () => Promise<{ undo(): Promise<void> }>
  },
): Promise<void> {
  for (const digest of await readdir(join(folder, 'artifacts'))) {
    const bytes = createReadStream(join(folder, 'artifacts', digest))
    await into.artifacts.put(bytes, { expectedDigest: digest, maxBytes: ARTIFACT_BYTES_MAX })
  }
  await restoreLogs(folder, into.logs)
  for (const table of tablesOf(manifest)) await fill(folder, table, into.refill)
  const mark = await into.markStore()
  try {
    // The rows are committed last, so that none of them refers to a missing artifact or log.
    await into.refill.commit()
  } catch (error) {
    await mark.undo()
    throw error
  }
}

async function restoreLogs(folder: string, logs: string): Promise<void> {
  async function* paths(): AsyncGenerator<string> {
    for await (const { path } of readRows(join(folder, LOG_LIST), LogFile)) yield path
  }
  for await (const _ of copyFiles(join(folder, 'logs'), logs, paths())) {
    // The loop body is empty, because the generator copies one file in each iteration.
  }
}

async function fill(folder: string, table: Table, refill: Refill): Promise<void> {
  let page: Row[] = []
  for await (const row of readRows(join(folder, tableFile(table.name)), rowOf(table))) {
    page.push(row)
    if (page.length < ROWS_A_TIME) continue
    await insert(table, page, refill)
    page = []
  }
  await insert(table, page, refill)
}

/**
 * Inserts rows of one table. All rows must have the same columns. If the table has more columns,
 * these get their default values.
 */
async function insert(table: Table, page: readonly Row[], refill: Refill): Promise<void> {
  const [first] = page
  if (first === undefined) return
  const columns = table.columns.filter((column) => column in first)
  await refill.insert({ ...table, columns }, page)
}
