import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { PROGRAM } from '../../test/support/cli.ts'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { aJob } from '../../test/conformance/ledger/bed.ts'
import { openDiskArtifacts } from '../artifacts/disk-artifacts.ts'
import { openSqliteLedger } from '../ledger/sqlite/open.ts'
import { tablesOf } from '../ledger/tables.ts'
import { systemClock } from '../platform/clock.ts'
import { HubConfig } from '../config/settings.ts'
import { readRows, writeRows } from './row-files.ts'
import { Manifest, tableFile } from './manifest.ts'
import { runBackup } from './run-backup.ts'
import { runRestore } from './run-restore.ts'

const run = promisify(execFile)
const STORE = '01a1fd01-a0c7-4ce6-9f81-a33de5413881'

/** A folder with a ledger of so many jobs, a log file for each, and its backup. */
async function backedUp(jobs = 1) {
  const folder = await tempFolder()
  const data = join(folder, 'data')
  const logs: string[] = []
  {
    await using ledger = await openSqliteLedger({
      folder: data,
      random: randomBytes,
      clock: systemClock,
    })
    await ledger.bindStore(STORE)
    const submitted = Array.from({ length: jobs }, () => ledger.submit(aJob()))
    for (const { job } of await Promise.all(submitted)) {
      const log = join('logs', job.id, '1', 'output')
      await mkdir(join(data, log), { recursive: true })
      await writeFile(join(data, log, '0000000000000000'), 'worked')
      logs.push(join(log, '0000000000000000'))
    }
  }
  await writeFile(join(data, 'store.json'), JSON.stringify({ id: STORE }))
  const at = (name: string) => ({ data: join(folder, name), cwd: folder, version: 'test' })
  const backup = join(folder, 'backup')
  const to = (name: string) => HubConfig.parse({ data: join(folder, name) })
  return {
    folder,
    backup,
    log: logs[0]!,
    make: () => runBackup(backup, to('data'), at('data')),
    restore: (name: string) => runRestore(backup, to(name), at(name)),
  }
}

/** Stores bytes in a data folder as an upload does. */
async function upload(folder: string, words: string): Promise<{ readonly digest: string }> {
  const artifacts = await openDiskArtifacts(join(folder, 'artifacts'))
  const bytes = Readable.from([Buffer.from(words)])
  const { digest, size } = await artifacts.put(bytes, { expectedDigest: null, maxBytes: 100 })
  await using ledger = await openSqliteLedger({ folder, random: randomBytes, clock: systemClock })
  await ledger.storeBlob({ digest, size, uploader: aJob().submitter.tokenId })
  return { digest }
}

describe('a backup', () => {
  it('of more jobs than a process may have open files holds the log of each', async () => {
    const { folder, backup, log } = await backedUp(150)
    const command = `ulimit -n 96; exec "${process.execPath}" "${PROGRAM}" backup "${backup}" --data data`
    await run('bash', ['-c', command], { cwd: folder, env: { HOME: folder } })
    expect(await readFile(join(backup, log), 'utf8')).toBe('worked')
    const { logs } = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8'))
    expect(logs.rows).toBe(150)
  })

  it('without one of its logs, or with another, is refused', async () => {
    const { backup, log, make, restore } = await backedUp()
    await make()
    await writeFile(join(backup, log), 'idled!')
    await expect(restore('new')).rejects.toMatchObject({ code: 'backup-invalid' })
    await rm(join(backup, log))
    await expect(restore('new')).rejects.toMatchObject({ code: 'backup-invalid' })
  })
})

describe('a backup of uploads', () => {
  it('holds their bytes, so that a restored ledger takes jobs that name them', async () => {
    const { folder, make, restore } = await backedUp()
    const { digest } = await upload(join(folder, 'data'), 'brought along')
    await make()
    await restore('new')
    const artifacts = await openDiskArtifacts(join(folder, 'new', 'artifacts'))
    expect(await artifacts.has(digest)).toBe(true)
    await using ledger = await openSqliteLedger({
      folder: join(folder, 'new'),
      random: randomBytes,
      clock: systemClock,
    })
    const { job } = await ledger.submit(aJob({ inputs: [{ name: 'n', digest }] }))
    expect(await ledger.inputs(job.id)).toMatchObject([{ digest }])
  })
})

describe('a restore', () => {
  it('that failed on its way can be repeated', async () => {
    const { folder, log, make, restore } = await backedUp()
    await make()
    await mkdir(join(folder, 'new', log), { recursive: true })
    await expect(restore('new')).rejects.toThrow('EISDIR')
    await rm(join(folder, 'new', log), { recursive: true })
    expect(await restore('new')).toMatch(/^restored 1 job,/)
    expect(await readFile(join(folder, 'new', log), 'utf8')).toBe('worked')
    await expect(restore('new')).rejects.toMatchObject({ code: 'restore-not-empty' })
  })

  it('makes a ledger that only its owner can read', async () => {
    const { folder, make, restore } = await backedUp()
    await make()
    await mkdir(join(folder, 'new'), { mode: 0o755 })
    await restore('new')
    const { mode } = await stat(join(folder, 'new', 'ledger.db'))
    expect(mode & 0o777).toBe(0o600)
  })

  it('of a backup that a later program made is refused, and leaves nothing', async () => {
    const { folder, backup, make, restore } = await backedUp()
    await make()
    const manifest = Manifest.parse(
      JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8')),
    )
    const later = { ...manifest, schemaVersion: 99 }
    await writeFile(join(backup, 'manifest.json'), JSON.stringify(later))
    await expect(restore('new')).rejects.toMatchObject({ code: 'schema-newer' })
    expect(existsSync(join(folder, 'new'))).toBe(false)
  })

  it('of a backup from before some tables and columns fills them with what they begin with', async () => {
    const { folder, backup, make, restore } = await backedUp(2)
    await make()
    const path = join(backup, 'manifest.json')
    const manifest = Manifest.parse(JSON.parse(await readFile(path, 'utf8')))
    const first = new Map(
      tablesOf({ schemaVersion: 1 }).map(({ name, columns }) => [name, columns] as const),
    )
    const tables = Object.entries(manifest.tables).filter(([name]) => first.has(name))
    const jobs: object[] = []
    const columns = first.get('job')?.filter((column) => column !== 'failures') ?? []
    const file = join(backup, tableFile('job'))
    const AnyRow = z.record(z.string(), z.unknown())
    for await (const row of readRows(file, AnyRow)) {
      jobs.push(
        Object.fromEntries(Object.entries(row).filter(([column]) => columns.includes(column))),
      )
    }
    const job = await writeRows(file, Readable.from(jobs))
    const older = { ...Object.fromEntries(tables), job }
    await writeFile(path, JSON.stringify({ ...manifest, schemaVersion: 1, tables: older }))

    expect(await restore('new')).toMatch(/^restored 2 jobs,/)

    await using ledger = await openSqliteLedger({
      folder: join(folder, 'new'),
      random: randomBytes,
      clock: systemClock,
    })
    const restored = await ledger.jobs({ filter: {}, after: null, limit: 9 })
    expect(restored).toMatchObject([{ failures: 0 }, { failures: 0 }])
    await ledger.bindStore(STORE)
  })
})
