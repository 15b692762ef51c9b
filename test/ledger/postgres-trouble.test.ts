import { randomBytes } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { Client } from 'pg'
import type { Notification } from '../../src/ledger/port.ts'
import { TIMEOUTS } from '../../src/ledger/postgres/connections.ts'
import { postgresSnapshot } from '../../src/ledger/postgres/backup.ts'
import { openPostgresLedger } from '../../src/ledger/postgres/open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { aRequest, claimed, LEASE_MS, refusal, submitted } from '../conformance/ledger/bed.ts'
import { describeNeeding } from '../support/needs.ts'
import { openOnPostgres, postgresOfFile } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres-server.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'

/** A ledger behind a proxy that can make its connections hang. */
async function openBehindProxy(server: PostgresServer) {
  const proxy = await startSilentProxy(server.socketPath)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const ledger = await openPostgresLedger({
    url: proxy.through(await server.makeSchema()),
    clock: systemClock,
    random: randomBytes,
    timeouts: { ...TIMEOUTS, answer: 400, heartbeat: 100, close: 300 },
  })
  onTestFinished(() => ledger[Symbol.asyncDispose]())
  return { ledger, proxy }
}

describeNeeding(['postgresql', 'patience'], 'a ledger on a PostgreSQL in trouble', () => {
  const file = postgresOfFile()

  it('is unavailable while the lock table is full, and recovers afterwards', async () => {
    const { ledger } = await openOnPostgres(file.server)
    const jobId = await submitted(ledger)
    const greedy = new Client({ connectionString: file.server.url })
    await greedy.connect()
    // The session keeps the locks that it got although the statement fails.
    const all = greedy.query(
      'SELECT pg_advisory_lock(number) FROM generate_series(1, 100000) number',
    )
    await expect(all).rejects.toMatchObject({ code: '53200' })
    expect(await refusal(ledger.claim(aRequest()))).toBe('ledger-unavailable')
    await greedy.end()
    // The server releases them shortly after the connection ends.
    await expect.poll(() => refusal(ledger.renew({ jobId, attempt: 1 }, 1000))).toBe('lease-lost')
    expect((await ledger.claim(aRequest()))?.job.id).toBe(jobId)
  })

  it('ends attempts with many keys in several sweeps, so that the lock table does not fill up', async () => {
    const { ledger, advance } = await openOnPostgres(file.server)
    for (let job = 0; job < 10; job += 1) {
      await submitted(ledger, { locks: Array.from({ length: 64 }, (_, key) => `${job}-${key}`) })
      await claimed(ledger)
    }
    advance(LEASE_MS)
    const sweeps: number[] = []
    while (sweeps.at(-1) !== 0) sweeps.push(await ledger.expire(100))
    expect(sweeps).toEqual([4, 4, 2, 0])
  })

  it('is unavailable when its connections hang, and recovers with new ones', async () => {
    const { ledger, proxy } = await openBehindProxy(file.server)
    await ledger.checkWritable()
    void proxy.silence()
    expect(await refusal(ledger.checkWritable())).toBe('ledger-unavailable')
    await expect.poll(() => refusal(ledger.checkWritable())).toBe('none')
  })

  it('hears other hubs again after its LISTEN connection hung', async () => {
    const { ledger, proxy } = await openBehindProxy(file.server)
    const heard: Notification[] = []
    ledger.subscribe((notification) => heard.push(notification))
    const told = () =>
      file.server.query(`SELECT pg_notify('millwright', 'somebody ready')`).then(() => heard.length)
    await expect.poll(told).toBeGreaterThan(0)
    void proxy.silence()
    heard.length = 0
    await expect.poll(() => heard, { timeout: 5000 }).toEqual([{ kind: 'ready' }])
    expect(await told()).toBeGreaterThan(0)
  })

  it('closes in bounded time although the database does not respond', async () => {
    const { ledger, proxy } = await openBehindProxy(file.server)
    await ledger.checkWritable()
    const swallowed = proxy.silence()
    const asked = refusal(ledger.checkWritable())
    await swallowed
    await ledger[Symbol.asyncDispose]()
    expect(await asked).toBe('ledger-unavailable')
  })

  it('without a ledger is refused by a backup, which closes its connection', async () => {
    const url = await file.server.makeSchema()
    expect(await refusal(postgresSnapshot(url))).toBe('ledger-refused')
    const connections = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'millwright'`
    await expect.poll(() => file.server.query(connections)).toEqual([])
  })
})
