import { randomBytes } from 'node:crypto'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { Callback } from '../../src/domain/callback.ts'
import { Usage } from '../../src/domain/outcome.ts'
import { bindLedger } from '../../src/ledger/bind.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import { sqliteEngine } from '../../src/ledger/sqlite/engine.ts'
import { graceAfterRestart } from '../../src/ledger/sqlite/lease-clock.ts'
import { migrate } from '../../src/ledger/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/ledger/sqlite/migrations/all.ts'
import { claimed, FAILED, submitted, SUCCEEDED } from '../conformance/ledger/bed.ts'

/** A database that records every prepared statement. */
class ListeningDatabase extends DatabaseSync {
  readonly texts = new Set<string>()

  override prepare(text: string): StatementSync {
    if (!text.startsWith('EXPLAIN')) this.texts.add(text)
    return super.prepare(text)
  }
}

/** Tables that grow with every job; the others have a row for each worker, token or held key. */
const GROWING =
  /^(?:SCAN|SEARCH) (?:job|payload|attempt|event|artifact|callback|delivery|blob|upload|input)\b/

/** SQLite also says SEARCH, without an index, when it scans for a minimum. */
const WALK = /^SCAN|\bjob_state\b|^SEARCH \w+$/

/** Partial indexes of waiting or running rows. */
const SMALL = /USING (?:COVERING )?INDEX (?:attempt_running|job_ready|job_parked|delivery_due)\b/

/** Listings with filters, which may scan many rows before they find a page. */
const LISTING = /ORDER BY (?:job\.number|job_number|id) DESC/

describe('query plans', () => {
  it('no statement walks through a table that grows', async () => {
    using database = new ListeningDatabase(':memory:')
    migrate(database, MIGRATIONS, 0)
    database.texts.clear()
    graceAfterRestart(database, 0)
    await everything(
      bindLedger(
        sqliteEngine(database, () => 1000),
        randomBytes,
      ),
    )

    const walking = [...database.texts]
      .filter((text) => !LISTING.test(text))
      .flatMap((text) =>
        planOf(database, text)
          .filter((line) => GROWING.test(line))
          .filter((line) => WALK.test(line))
          .filter((line) => !SMALL.test(line))
          .map((line) => `${line}: ${text}`),
      )
    expect(database.texts.size).toBeGreaterThan(40)
    expect(walking).toEqual([])
  })

  it('pages of a group, and of deliveries in a state, are read in the order of an index', async () => {
    using database = new ListeningDatabase(':memory:')
    migrate(database, MIGRATIONS, 0)
    const ledger = bindLedger(
      sqliteEngine(database, () => 1000),
      randomBytes,
    )
    const after = await submitted(ledger)
    database.texts.clear()
    await ledger.jobs({ filter: { group: 'g' }, after, limit: 10 })
    await ledger.jobs({ filter: { group: 'g', states: ['failed'] }, after: null, limit: 10 })
    const page = { jobId: null, after: null, limit: 10 }
    await ledger.deliveries({ ...page, states: ['failed'] })
    await ledger.deliveries({ ...page, states: null })

    const plans = [...database.texts]
      .filter((text) => LISTING.test(text))
      .flatMap((text) => planOf(database, text))
    expect(plans.filter((line) => /TEMP B-TREE/.test(line))).toEqual([])
    const first = plans.filter((line) => /^(?:SCAN|SEARCH) (?:job|delivery)\b/.test(line))
    expect(new Set(first)).toEqual(
      new Set([
        'SEARCH job USING INDEX job_group (group_name=? AND state=? AND number<?)',
        'SEARCH job USING INDEX job_group (group_name=? AND state=?)',
        'SEARCH delivery USING INDEX delivery_state (state=?)',
        'SCAN delivery USING INDEX delivery_newest',
      ]),
    )
  })
})

const planOf = (database: DatabaseSync, text: string): readonly string[] =>
  database
    .prepare(`EXPLAIN QUERY PLAN ${text}`)
    .all()
    .map(({ detail }) => String(detail))

/** Runs every transaction at least once. */
async function everything(ledger: Ledger): Promise<void> {
  const callbacks: Callback[] = [{ url: 'https://hooks.example', events: ['ended'] }]
  await submitted(ledger, { locks: ['a', 'b'], idempotencyKey: 'key', callbacks })
  const first = await claimed(ledger)
  await ledger.storeBlob({ digest: 'd', size: 1, uploader: 'token' })
  await ledger.storeBlob({ digest: 'e', size: 1, uploader: 'token' })
  const inputs = [{ name: 'n', digest: 'd' }]
  const bringing = await submitted(ledger, { inputs, notBefore: 2000, holdUntil: 1500 })
  await ledger.inputs(bringing)
  await ledger.extendHold(bringing, 3000, 'tester')
  await ledger.requestCancel(bringing, 'ada')
  await submitted(ledger, { locks: ['a'] })
  await ledger.renew(first, 60_000)
  await ledger.appendEvents(first, 1, [
    { type: 'agent-started', agent: 'a' },
    { type: 'step-started', step: 's' },
    { type: 'usage', usage: Usage.parse({ requests: 1 }) },
    { type: 'published', publication: { kind: 'branch', target: 'r#b', revision: 'a' } },
  ])
  await ledger.checkpoint(first, { step: 's', product: {} })
  await ledger.intendPublication(first, {
    kind: 'branch',
    target: 'r#b',
    revision: 'a'.repeat(40),
  })
  const artifact = { name: 'n', digest: 'd', size: 1, mediaType: 'text/plain' }
  await ledger.addArtifact({ ...first, ...artifact })
  await ledger.settle(first, SUCCEEDED, null)
  await submitted(ledger, { retryOf: first.jobId, priority: 9 })
  await ledger.settle(await claimed(ledger), FAILED, null)
  await ledger.handBack(await claimed(ledger))
  const deferred = await claimed(ledger)
  const closed = { key: 'host:h', covers: ['repo:h/*'] }
  await ledger.defer(deferred, { reason: 'repository-unreachable', detail: '', closed }, null)
  await ledger.tryNow(deferred.jobId)
  await ledger.closed()
  await submitted(ledger, { demands: ['repo:h/a'] })
  await ledger.appendEvents(await claimed(ledger, { offers: ['repo:*'] }), 1, [
    { type: 'reached', key: 'host:h' },
  ])
  await submitted(ledger)
  const paused = await claimed(ledger)
  await ledger.pause(paused, { reason: 'waiting-for-person', detail: '' }, null)
  await ledger.resumeDue(10)
  await ledger.resume(paused.jobId, 'ada')
  await ledger.requestCancel(paused.jobId, 'ada')
  await ledger.expire(10)
  await ledger.tidyLocks(10)
  await ledger.strandedJobs(10)
  await ledger.usageReport({ by: 'model', createdFrom: 0, createdBefore: 2000 })
  await ledger.jobs({ filter: {}, after: paused.jobId, limit: 10 })
  await ledger.events(first.jobId, 0, 10)
  await ledger.attempt(first.jobId, 1)
  await ledger.artifacts(first.jobId)
  await ledger.callbacks(first.jobId)
  const page = { jobId: null, states: null, after: null, limit: 10 }
  const [delivery] = await ledger.deliveries(page)
  const after = delivery!.id
  await ledger.deliveries({ ...page, jobId: first.jobId, states: ['failed'], after })
  await ledger.deliveries({ ...page, states: ['failed'], after })
  await ledger.resendDelivery(delivery!.id)
  const taken = await ledger.takeDelivery(1000, ['other.example'])
  const sent = { kind: 'unanswered', error: 'ECONNREFUSED' } as const
  await ledger.markDelivery(taken!, { sent, next: { state: 'failed' } })
  await ledger.pendingDeliveries()
  await ledger.createToken({
    id: 't',
    name: 'n',
    scopes: [],
    lanes: null,
    expiresAt: null,
    hash: 'h',
  })
  await ledger.findToken('h')
  await ledger.revokeToken('t')
  await ledger.tokens()
  await ledger.workers()
  await ledger.counts()
  await ledger.totals('g')
  await ledger.unneeded(1)
  await ledger.unneededBlobs({ jobs: 1, uploads: 1 }, { after: '', limit: 10 })
  await ledger.forget(1, 10)
  await ledger.forgetBlobs(2000, { after: '', limit: 10 })
  await ledger.forgetBlobs(2000, { after: '', limit: 1 })
  await ledger.referenced(['d'], { jobs: 1, uploads: 1 })
  await ledger.referenced(['d'], null)
  await ledger.endings([first.jobId])
  await ledger.checkWritable()
}
