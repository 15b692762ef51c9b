import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { migrate } from '../../src/ledger/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/ledger/sqlite/migrations/all.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { nextJob, submitted } from '../conformance/ledger/bed.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startProgram } from './ledger-program.ts'

const count = MIGRATIONS[0]!.statements.length

describe('migrations', () => {
  it.each([0, 1, Math.floor(count / 2), count - 1, count])(
    'killed before statement %i of the first one, the next start makes the whole schema',
    async (before) => {
      const folder = await tempFolder()
      const program = startProgram('die-in-migration.ts', join(folder, 'ledger.db'), `${before}`)
      await expect(program.lines.next()).resolves.toMatchObject({ done: true })
      expect(await program.kill()).toBe('SIGKILL')

      await using ledger = await open(folder)
      const jobId = await submitted(ledger)
      expect(await nextJob(ledger)).toBe(jobId)
    },
  )

  it('a migration that fails is rolled back, and earlier ones stay', () => {
    using database = new DatabaseSync(':memory:')
    const good = { version: 1, name: 'good', statements: ['CREATE TABLE a (x)'] }
    const bad = { version: 2, name: 'bad', statements: ['CREATE TABLE b (x)', 'nonsense'] }
    expect(() => migrate(database, [good, bad], 0)).toThrow('nonsense')
    expect(tables(database)).toEqual(['a', 'migration'])
    const fixed = { ...bad, statements: ['CREATE TABLE b (x)'] }
    expect(migrate(database, [good, fixed], 0)).toBe(1)
    expect(tables(database)).toEqual(['a', 'b', 'migration'])
    expect(migrate(database, [good, fixed], 0)).toBe(0)
  })

  it('versions are numbered from 1 without gaps', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(
      MIGRATIONS.map((_, index) => index + 1),
    )
  })

  it('an older program refuses a newer schema and names both versions', async () => {
    const folder = await tempFolder()
    await (await open(folder))[Symbol.asyncDispose]()
    using database = new DatabaseSync(join(folder, 'ledger.db'))
    database.exec(`INSERT INTO migration (version, name, applied_at) VALUES (99, 'later', 0)`)

    const known = MIGRATIONS.length
    await expect(open(folder)).rejects.toMatchObject({
      code: 'schema-newer',
      message: `The ledger has schema version 99; this program supports versions up to ${known}.`,
      details: { found: 99, known },
    })
  })

  it('a file that is not a database is refused, and the folder is unlocked', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'ledger.db'), 'not a database at all, but long enough'.repeat(99))
    await expect(open(folder)).rejects.toMatchObject({ code: 'ledger-damaged' })
    await expect(open(folder)).rejects.toMatchObject({ code: 'ledger-damaged' })
  })
})

const open = (folder: string) =>
  openSqliteLedger({ folder, clock: systemClock, random: randomBytes })

const tables = (database: DatabaseSync): unknown[] =>
  database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
    .all()
    .map(({ name }) => name)
