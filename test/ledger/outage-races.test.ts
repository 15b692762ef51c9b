import { expect, it } from 'vitest'
import { aRequest, claimed, fenceOf, submitted, SUCCEEDED } from '../conformance/ledger/bed.ts'
import { describeNeeding } from '../support/needs.ts'
import { postgresOfFile } from '../support/postgres.ts'
import { twoHubs } from '../support/two-hubs.ts'

const TIMES = 40

describeNeeding(['postgresql', 'patience'], 'two hubs during an outage', () => {
  const file = postgresOfFile()

  it('try a host that is away: one of them does, and when it is back all may', async () => {
    const { one, other } = await twoHubs(file.server)
    const closed = { key: 'host:h', covers: ['repo:h/*'] }
    const away = { reason: 'repository-unreachable', detail: '', closed } as const
    const job = { demands: ['repo:h/a'] }
    const able = aRequest({ offers: ['repo:*'] }).worker
    for (let time = 0; time < TIMES; time += 1) {
      for (let count = 0; count < 5; count += 1) await submitted(one, job)
      const first = await claimed(one, able)
      await one.defer(first, away, null)
      await other.tryNow(first.jobId)
      const claims = [one, other, one, other].map((hub) =>
        hub.claim(aRequest({ offers: ['repo:*'] })),
      )
      const leases = (await Promise.all(claims)).filter((lease) => lease !== null)
      expect(leases.map(({ trials }) => trials)).toEqual([['host:h']])
      const trial = fenceOf(leases[0]!)
      await other.appendEvents(trial, 1, [{ type: 'reached', key: 'host:h' }])
      await one.settle(trial, SUCCEEDED, null)
      for (let count = 0; count < 4; count += 1) {
        await one.settle(await claimed(other, able), SUCCEEDED, null)
      }
    }
  })
})
