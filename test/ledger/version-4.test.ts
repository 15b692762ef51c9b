import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { migrationsTo } from '../../src/ledger/migration.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import { migrate as migratePostgres } from '../../src/ledger/postgres/migrate.ts'
import { MIGRATIONS as ON_POSTGRES } from '../../src/ledger/postgres/migrations/all.ts'
import { openPostgresLedger } from '../../src/ledger/postgres/open.ts'
import { sqliteRefill, sqliteSnapshot } from '../../src/ledger/sqlite/backup.ts'
import { migrate } from '../../src/ledger/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/ledger/sqlite/migrations/all.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/open.ts'
import { fold } from '../../src/ledger/fold.ts'
import { tablesOf } from '../../src/ledger/tables.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { aRequest, nextJob, submitted, SUCCEEDED } from '../conformance/ledger/bed.ts'
import { startTestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { postgresOfFile } from '../support/postgres.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  AT,
  INTENT,
  PUBLICATION,
  PUBLISHED,
  QUEUED,
  RETRY,
  rowsOfVersion4,
  RUNNING,
  SUBMISSION,
  UNPUBLISHED,
} from './version-4.ts'

const now = (): number => AT
const SETTLED = { ...SUCCEEDED, reason: 'published', publication: PUBLICATION } as const
const GPU = { labels: ['gpu'] }

/** Opens a ledger whose rows an older program wrote. */
type Reopen = () => Promise<Ledger>

function continues(reopen: Reopen): void {
  it('keeps working: its queued job is claimed, its running job settles, its token is valid', async () => {
    const ledger = await reopen()
    const facts = { group: null, submittedBy: null, origin: null, holdUntil: null, demands: [] }
    expect(await ledger.job(QUEUED)).toMatchObject({ ...facts, retry: RETRY })
    expect(await ledger.inputs(QUEUED)).toEqual([])
    expect(await nextJob(ledger)).toBeNull()
    expect(await nextJob(ledger, GPU)).toBe(QUEUED)
    const settled = await ledger.settle({ jobId: RUNNING, attempt: 1 }, SETTLED, null)
    expect(settled).toMatchObject({ state: 'succeeded', publication: PUBLICATION })
    expect(await ledger.findToken('h-1')).toMatchObject({ name: 'ci', lanes: null })
    expect(await nextJob(ledger, GPU)).toBeNull()
    const added = await submitted(ledger, { labels: ['gpu'], demands: ['agent:codex'] })
    expect(await nextJob(ledger, { ...GPU, offers: ['agent:*'] })).toBe(added)
  })

  it('answers a repeated submission with the job as it was stored', async () => {
    const ledger = await reopen()
    await using hub = await startTestHub({ ledger })
    const { status, answer } = await hub.admin.exchange('submitJob', { body: SUBMISSION })
    expect([status, answer.id]).toEqual([200, QUEUED])

    const key = { idempotencyKey: 'another' }
    const made = await hub.admin.exchange('submitJob', { body: { ...SUBMISSION, ...key } })
    expect([made.status, made.answer.retry]).toEqual([201, RETRY])
  })

  it('reads publications and intents in the current format', async () => {
    const ledger = await reopen()
    expect(await ledger.job(PUBLISHED)).toMatchObject({ publication: PUBLICATION })
    expect(await ledger.job(UNPUBLISHED)).toMatchObject({ publication: null })
    for (const id of [PUBLISHED, UNPUBLISHED]) {
      const { state, attempt, reason, failures, publication } = await ledger.job(id)
      const row = { state, attempt, reason, failures, publication }
      expect(fold(await ledger.events(id, 0, 10))).toMatchObject(row)
    }
    await ledger.handBack({ jobId: RUNNING, attempt: 1 })
    const lease = await ledger.claim(aRequest(GPU))
    expect(lease).toMatchObject({ job: { id: RUNNING }, intents: [INTENT], inputs: [] })
    await submitted(ledger, { retryOf: UNPUBLISHED, kind: 'again' })
    const followUp = await ledger.claim(aRequest({ kinds: ['again'] }))
    expect(followUp?.continues?.publication).toBeNull()
  })

  it('takes a settlement or an intent again, however it was written the first time', async () => {
    const ledger = await reopen()
    const job = await ledger.job(PUBLISHED)
    expect(await ledger.settle({ jobId: PUBLISHED, attempt: 1 }, SETTLED, null)).toEqual(job)
    const none = { ...SUCCEEDED, publication: null }
    const again = await ledger.settle({ jobId: UNPUBLISHED, attempt: 1 }, none, null)
    expect(again).toEqual(await ledger.job(UNPUBLISHED))
    const other = { ...SETTLED, publication: { ...PUBLICATION, revision: 'b' } }
    const settle = ledger.settle({ jobId: PUBLISHED, attempt: 1 }, other, null)
    await expect(settle).rejects.toMatchObject({ code: 'job-terminal' })
    const before = await ledger.events(RUNNING, 0, 10)
    await ledger.intendPublication({ jobId: RUNNING, attempt: 1 }, INTENT)
    expect(await ledger.events(RUNNING, 0, 10)).toEqual(before)
  })

  it('lists deliveries in the order in which their jobs were submitted', async () => {
    const ledger = await reopen()
    const page = { jobId: null, states: null, after: null, limit: 10 }
    const order = (await ledger.deliveries(page)).map(({ jobId }) => jobId)
    expect(order).toEqual([UNPUBLISHED, PUBLISHED])
  })
}

/** A folder whose ledger an older program wrote. */
async function olderFolder(): Promise<string> {
  const folder = await tempFolder()
  using database = new DatabaseSync(join(folder, 'ledger.db'))
  migrate(database, migrationsTo(MIGRATIONS, 4), AT)
  for (const statement of rowsOfVersion4()) database.exec(statement)
  return folder
}

function openFolder(folder: string): Promise<Ledger> {
  const clock = { ...systemClock, now }
  return closing(openSqliteLedger({ folder, clock, random: randomBytes }))
}

describe('a ledger of version 4 on SQLite', () => {
  continues(async () => openFolder(await olderFolder()))
})

describe('a ledger of version 4 that was backed up as it is and restored', () => {
  continues(async () => {
    const [from, to] = [await olderFolder(), await tempFolder()]
    await using snapshot = sqliteSnapshot(from)
    {
      await using refill = sqliteRefill(to, snapshot.schemaVersion, AT)
      for (const table of tablesOf(snapshot)) {
        await refill.insert(table, await Array.fromAsync(snapshot.rows(table)))
      }
      await refill.commit()
    }
    return openFolder(to)
  })
})

describeNeeding(['postgresql', 'patience'], 'a ledger of version 4 on PostgreSQL', () => {
  const file = postgresOfFile()

  continues(async () => {
    const url = await file.server.makeSchema()
    const client = new Client({ connectionString: url })
    await client.connect()
    await migratePostgres(client, migrationsTo(ON_POSTGRES, 4))
    for (const statement of rowsOfVersion4()) await client.query(statement)
    await client.end()
    return closing(openPostgresLedger({ url, clock: systemClock, random: randomBytes, now }))
  })
})

async function closing(opening: Promise<Ledger>): Promise<Ledger> {
  const ledger = await opening
  onTestFinished(() => ledger[Symbol.asyncDispose]())
  return ledger
}
