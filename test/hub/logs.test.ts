import { describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aJob, aLease } from '../support/jobs.ts'

const settlement = {
  kind: 'succeeded',
  reason: 'no-change',
  publication: null,
} as const

type Leased = Awaited<ReturnType<typeof aLease>>

const write = ({ attempt, params }: Leased, offset: number, text: string) =>
  attempt.call('writeLog', {
    params: { ...params, stream: 'output', offset },
    body: Buffer.from(text),
  })

/** Reads the job's output: the text, the next offset, and whether it is complete. */
async function read(hub: TestHub, { params }: Leased, query: Record<string, number> = {}) {
  const response = await hub.admin.call('readLog', {
    params: { job: params.job, stream: 'output' },
    query,
  })
  return {
    text: await response.text(),
    next: Number(response.headers.get('millwright-next-offset')),
    end: response.headers.get('millwright-log-end') === 'true',
    type: response.headers.get('content-type'),
  }
}

describe('logs over HTTP', () => {
  it('are read from any offset, and end when the attempt has ended', async () => {
    await using hub = await startTestHub()
    const leased = await aLease(hub)
    await write(leased, 0, 'one\n')
    await write(leased, 4, 'two\n')

    const type = 'application/octet-stream'
    expect(await read(hub, leased)).toEqual({ text: 'one\ntwo\n', next: 8, end: false, type })
    expect(await read(hub, leased, { offset: 4, limit: 2 })).toMatchObject({ text: 'tw', next: 6 })

    const { attempt, params } = leased
    await attempt.call('settleLease', { params, body: { settlement, usage: null } })

    expect(await read(hub, leased, { offset: 4, limit: 2 })).toMatchObject({ end: false })
    expect(await read(hub, leased, { offset: 4 })).toMatchObject({ text: 'two\n', end: true })
    expect(await read(hub, leased, { offset: 8 })).toMatchObject({ text: '', end: true })
  })

  it('a reader that waits gets new bytes as they come', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const leased = await aLease(hub)
    const waiting = read(hub, leased, { waitMs: 20_000 })
    await write(leased, 0, 'at last\n')
    expect(await waiting).toMatchObject({ text: 'at last\n', next: 8, end: false })
  })

  it('a waiting reader gets an answer when the attempt ends', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const leased = await aLease(hub)
    const waiting = read(hub, leased, { waitMs: 20_000 })
    const { attempt, params } = leased
    await attempt.call('settleLease', { params, body: { settlement, usage: null } })
    expect(await waiting).toMatchObject({ text: '', end: true })
  })

  it('the same segment again changes nothing, a gap is refused with the place to go on', async () => {
    await using hub = await startTestHub()
    const leased = await aLease(hub)
    await write(leased, 0, 'one\n')
    await write(leased, 0, 'one\n')
    await expect(write(leased, 9, 'three\n')).rejects.toMatchObject({
      code: 'log-gap',
      details: { expected: 4 },
    })
    expect(await read(hub, leased)).toMatchObject({ text: 'one\n' })
  })

  it('each attempt has its own; the newest is read unless another is asked for', async () => {
    await using hub = await startTestHub()
    const first = await aLease(hub)
    await write(first, 0, 'first\n')
    await first.attempt.call('handBackLease', { params: first.params })
    const second = await hub.ledger.claim({
      requestId: crypto.randomUUID(),
      worker: (await hub.ledger.workers())[0]!,
      leaseMs: 60_000,
      heldBy: 'x',
      restrictedTo: null,
      tokenHash: '0'.repeat(64),
    })

    expect(second?.attempt).toBe(2)
    expect(await read(hub, first)).toMatchObject({ text: '', end: false })
    expect(await read(hub, first, { attempt: 1 })).toMatchObject({ text: 'first\n', end: true })
    await expect(read(hub, first, { attempt: 3 })).rejects.toMatchObject({
      code: 'request-invalid',
    })
  })

  it('a job without an attempt has an empty log that has not ended', async () => {
    await using hub = await startTestHub()
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    const response = await hub.admin.call('readLog', { params: { job: id, stream: 'checks' } })
    expect(await response.text()).toBe('')
    expect(response.headers.get('millwright-log-end')).toBeNull()
  })
})
