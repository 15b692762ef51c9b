/** Kills itself with SIGKILL before the n-th statement of the first migration: `<file> <n>`. */
import { DatabaseSync } from 'node:sqlite'
import { migrate } from '../../src/ledger/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/ledger/sqlite/migrations/all.ts'

const [file = '', before = '0'] = process.argv.slice(2)
const database = new DatabaseSync(file)
database.exec('PRAGMA journal_mode = WAL')
database.function('die', () => {
  process.kill(process.pid, 'SIGKILL')
  return 0
})
const [first, ...rest] = MIGRATIONS
if (first === undefined) throw new Error('there is no migration')
const statements = first.statements.toSpliced(Number(before), 0, 'SELECT die()')
migrate(database, [{ ...first, statements }, ...rest], 0)
