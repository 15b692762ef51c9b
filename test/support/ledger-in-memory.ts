import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import { bindLedger } from '../../src/ledger/bind.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import { sqliteEngine } from '../../src/ledger/sqlite/engine.ts'
import { migrate } from '../../src/ledger/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/ledger/sqlite/migrations/all.ts'
import type { Engine } from '../../src/ledger/transaction.ts'

/** A ledger whose rows a test can read and change behind its back. */
export type InMemory = {
  readonly ledger: Ledger
  readonly database: DatabaseSync
  readonly advance: (ms: number) => void
}

/** @param through wraps the engine, to observe it or to inject errors */
export function openInMemory(through: (engine: Engine) => Engine = (engine) => engine): InMemory {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  let now = 1_800_000_000_000
  migrate(database, MIGRATIONS, now)
  const engine = through(sqliteEngine(database, () => now))
  return {
    database,
    ledger: bindLedger(engine, randomBytes),
    advance: (ms) => {
      now += ms
    },
  }
}
