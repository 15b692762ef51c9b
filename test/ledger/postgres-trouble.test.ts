import { expect, it } from 'vitest'
import { Client } from 'pg'
import { aRequest, refusal, submitted } from '../conformance/ledger/bed.ts'
import { describeNeeding } from '../support/needs.ts'
import { openOnPostgres, postgresOfFile } from '../support/postgres.ts'

describeNeeding(['postgresql', 'patience'], 'a ledger on a PostgreSQL in trouble', () => {
  const file = postgresOfFile()

  it('is away while there is no room for more locks, and goes on when there is', async () => {
    const { ledger } = await openOnPostgres(file.server)
    const jobId = await submitted(ledger)
    const greedy = new Client({ connectionString: file.server.url })
    await greedy.connect()
    // What it got is kept although the statement fails.
    const all = greedy.query(
      'SELECT pg_advisory_lock(number) FROM generate_series(1, 100000) number',
    )
    await expect(all).rejects.toMatchObject({ code: '53200' })
    expect(await refusal(ledger.claim(aRequest()))).toBe('ledger-unavailable')
    await greedy.end()
    // The server lets go of them a moment after the connection's end.
    await expect.poll(() => refusal(ledger.renew({ jobId, attempt: 1 }, 1000))).toBe('lease-lost')
    expect((await ledger.claim(aRequest()))?.job.id).toBe(jobId)
  })
})
