import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { codeSchema } from '../../src/kinds/code/schema.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aClaim, aJob } from '../support/jobs.ts'

const UNTIL = 2_000_000_000_000

describe('a hold', () => {
  it('is extended by whoever submitted the job, and by nobody else', async () => {
    await using hub = await startTestHub()
    const { id } = await hub.admin.call('submitJob', { body: aJob({ holdUntil: UNTIL }) })
    const other = await hub.clientWith('jobs:submit')
    const extend = (client: HubClient, until: number) =>
      client.call('extendHold', { params: { job: id }, body: { until } })

    expect(await extend(hub.admin, UNTIL + 1)).toMatchObject({ id, holdUntil: UNTIL + 1 })
    await expect(extend(other, UNTIL + 2)).rejects.toMatchObject({ code: 'scope-missing' })

    const job = await hub.admin.call('getJob', { params: { job: id } })
    expect(job).toMatchObject({ holdUntil: UNTIL + 1, submittedBy: 'admin' })
  })
})

describe('an id that a submitter chooses', () => {
  it('is the name of the job, once', async () => {
    await using hub = await startTestHub()
    const id = randomUUID()
    expect((await hub.admin.call('submitJob', { body: aJob({ id }) })).id).toBe(id)
    const again = hub.admin.call('submitJob', { body: aJob({ id }) })
    await expect(again).rejects.toMatchObject({ code: 'job-exists' })
  })
})

describe('a group', () => {
  it('lists the jobs that belong together', async () => {
    await using hub = await startTestHub()
    const submit = (group: string) => hub.admin.call('submitJob', { body: aJob({ group }) })
    const wanted = [await submit('run 1'), await submit('run 1')]
    await submit('run 2')

    const { jobs } = await hub.admin.call('listJobs', { query: { group: 'run 1' } })

    expect(jobs.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id).toReversed())
  })
})

/** A worker whose token is restricted to these demands. */
async function restricted(hub: TestHub, lanes: string[]): Promise<HubClient> {
  const body = { name: 'narrow', scopes: ['worker' as const], lanes }
  const { token, info } = await hub.admin.call('createToken', { body })
  expect(info).toMatchObject({ scopes: ['worker'], lanes })
  return new HubClient({ url: hub.url, token })
}

/** The claim of a worker with these offers. */
function claimOffering(offers: string[], waitMs = 0) {
  const { worker } = aClaim()
  return { body: aClaim({ protocol: 2, worker: { ...worker, offers }, waitMs }) }
}

describe('a worker’s token', () => {
  it('brings its restriction to the ledger with every claim', async () => {
    await using hub = await startTestHub()
    const claim = vi.spyOn(hub.ledger, 'claim')
    const narrow = await restricted(hub, ['repo:/srv/a*'])

    await narrow.call('claimLease', claimOffering([]))
    await hub.worker.call('claimLease', claimOffering([]))

    const asked = claim.mock.calls.map(([{ restrictedTo }]) => restrictedTo)
    expect(asked).toEqual([['repo:/srv/a*'], null])
    const { tokens } = await hub.admin.call('listTokens', {})
    expect(tokens.map(({ lanes }) => lanes)).toContainEqual(['repo:/srv/a*'])
  })

  it('alone can be restricted', async () => {
    await using hub = await startTestHub()
    const body = { name: 'a', scopes: ['jobs:read' as const], lanes: ['agent:codex'] }
    await expect(hub.admin.call('createToken', { body })).rejects.toMatchObject({
      code: 'request-invalid',
      message: 'Only a token with the scope "worker" can be restricted to certain jobs (lanes).',
    })
  })
})

describe('offers', () => {
  const demanding = { ...codeSchema, demands: () => ['agent:codex'], protocol: () => 2 }
  const kinds = new Map([['code', demanding]])

  it('decide which worker a job goes to, and never say a protocol that it does not speak', async () => {
    await using hub = await startTestHub({ kinds })
    const { id, demands } = await hub.admin.call('submitJob', { body: aJob() })
    expect(demands.toSorted()).toEqual(['agent:codex', 'protocol:2'])

    const other = await hub.worker.call('claimLease', claimOffering(['agent:builtin']))
    const old = await hub.worker.call('claimLease', {
      body: aClaim({ worker: { ...aClaim().worker, offers: ['agent:codex', 'protocol:2'] } }),
      headers: { 'millwright-protocol': '1' },
    })
    const able = await hub.worker.call('claimLease', claimOffering(['agent:c*']))

    expect([other, old, able?.job.id]).toEqual([null, null, id])
  })

  it('and restrictions separate waiting workers, so that news of a job reaches one of each', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const away = new AbortController()
    const narrow = await restricted(hub, ['agent:other'])
    const waiting = [
      hub.worker.call('claimLease', claimOffering(['agent:builtin'], 20_000), away.signal),
      hub.worker.call('claimLease', claimOffering(['agent:codex'], 20_000), away.signal),
      narrow.call('claimLease', claimOffering(['agent:codex'], 20_000), away.signal),
    ]
    const printed = async () => (await hub.admin.call('metrics', {})).text()
    await expect.poll(printed).toContain('millwright_waiting_claims 3')
    const claim = vi.spyOn(hub.ledger, 'claim')

    await hub.admin.call('submitJob', { body: aJob({ labels: ['nowhere'] }) })

    await expect.poll(() => claim.mock.calls.length).toBe(3)
    away.abort()
    await Promise.allSettled(waiting)
  })
})
