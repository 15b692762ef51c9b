import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { JobId } from '../../src/domain/id.ts'
import type { Settlement } from '../../src/domain/outcome.ts'
import { bindLedger } from '../../src/ledger/bind.ts'
import type { ClaimRequest, NewJob } from '../../src/ledger/port.ts'
import type { SqlValue } from '../../src/ledger/sql.ts'
import { sqliteEngine } from '../../src/ledger/sqlite/engine.ts'
import { migrate } from '../../src/ledger/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/ledger/sqlite/migrations/all.ts'

const HOW = ['get', 'all', 'run'] as const

/** One statement as the ledger ran it. */
type Step = {
  readonly query: StatementSync
  readonly how: (typeof HOW)[number]
  readonly values: readonly SqlValue[]
}

/** A database that writes down what is run on it. */
class RecordingDatabase extends DatabaseSync {
  readonly steps: Step[] = []

  override prepare(text: string): StatementSync {
    const query = super.prepare(text)
    const recorded = super.prepare(text)
    for (const how of HOW) {
      Object.assign(recorded, {
        [how]: (...values: SqlValue[]) => {
          this.steps.push({ query, how, values })
          return query[how](...values)
        },
      })
    }
    return recorded
  }
}

export type BareRun = {
  readonly folder: string
  readonly cycles: number
  readonly job: NewJob
  readonly request: ClaimRequest
  readonly settlement: Settlement
}

/**
 * How many claim+settle cycles per second the ledger's own SQL allows with nothing around it:
 * records the statements of one real cycle, then replays them on other jobs in a plain loop, two
 * durable transactions a cycle.
 */
export async function bareCyclesPerSecond(run: BareRun): Promise<number> {
  const { cycles, request } = run
  using database = new RecordingDatabase(join(run.folder, 'bare.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  migrate(database, MIGRATIONS, 0)
  const engine = sqliteEngine(database, () => 1_800_000_000_000)
  const ledger = bindLedger(engine, randomBytes)
  const submissions = Array.from({ length: cycles + 1 }, () => ledger.submit(run.job))
  const ids = (await Promise.all(submissions)).map(({ job }) => job.id)

  const recorded = ids[0]
  const taken = () => database.steps.splice(0)
  taken()
  await ledger.claim(request)
  const claim = taken()
  await ledger.settle({ jobId: JobId.parse(recorded), attempt: 1 }, run.settlement, null)
  const transactions = [claim, taken()]

  const before = performance.now()
  for (const id of ids.slice(1)) {
    const fresh = new Map<SqlValue, SqlValue>([
      [recorded ?? null, id],
      [request.requestId, randomUUID()],
    ])
    for (const transaction of transactions) {
      database.exec('BEGIN IMMEDIATE')
      for (const { query, how, values } of transaction) {
        query[how](...values.map((value) => fresh.get(value) ?? value))
      }
      database.exec('COMMIT')
    }
  }
  return (cycles * 1000) / (performance.now() - before)
}
