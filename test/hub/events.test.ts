import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { JobEvent } from '../../src/domain/event.ts'
import { type JobId, newJobId } from '../../src/domain/id.ts'
import { decodeEvents } from '../../src/protocol/event-stream.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aJob, aLease } from '../support/jobs.ts'

const settlement = {
  kind: 'succeeded',
  reason: 'no-change',
  publication: null,
} as const

const notes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: 'note' as const,
    code: 'count',
    text: String(index),
  }))

/** Opens the event stream of a job. */
const openStream = (hub: TestHub, job: JobId, headers: Record<string, string> = {}) =>
  hub.admin.open('listEvents', {
    params: { job },
    headers: { accept: 'text/event-stream', ...headers },
  })

async function collect(response: Response): Promise<readonly JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of decodeEvents(response.body!)) events.push(event)
  return events
}

describe('the event stream', () => {
  it('gives every event once and in order, and ends with the job', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const { params, attempt } = await aLease(hub)
    const streamed = collect(await openStream(hub, params.job))

    for (let from = 1; from <= 401; from += 100) {
      await attempt.call('appendEvents', { params, body: { from, events: notes(100) } })
    }
    await attempt.call('settleLease', { params, body: { settlement, usage: null } })

    const events = await streamed
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 503 }, (_, i) => i + 1))
    expect(events.map(({ type }) => type)).toEqual([
      'submitted',
      'claimed',
      ...Array.from({ length: 500 }, () => 'note'),
      'ended',
    ])
  })

  it('continues after Last-Event-ID', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    await attempt.call('settleLease', { params, body: { settlement, usage: null } })

    const rest = await collect(await openStream(hub, params.job, { 'last-event-id': '1' }))

    expect(rest.map(({ type }) => type)).toEqual(['claimed', 'ended'])
  })

  it('stops a reader that has seen the end from reconnecting', async () => {
    await using hub = await startTestHub()
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    await hub.admin.call('cancelJob', { params: { job: id } })
    const { events } = await hub.admin.call('listEvents', { params: { job: id } })

    const last = String(events.at(-1)?.seq)
    const response = await openStream(hub, id, { 'last-event-id': last })

    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
  })

  it('sends heartbeats', async () => {
    await using hub = await startTestHub({ limits: { heartbeatMs: 20 } })
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    const { body } = await openStream(hub, id)

    let text = ''
    for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      if (text.split(': still here\n\n').length > 3) break
    }

    expect(text).toContain('event: submitted')
  })

  it('is refused for an unknown job and for a cursor that is not a number', async () => {
    await using hub = await startTestHub()
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    const unknown = openStream(hub, newJobId(0, randomBytes))
    await expect(unknown).rejects.toMatchObject({ code: 'job-not-found' })
    const odd = openStream(hub, id, { 'last-event-id': 'x' })
    await expect(odd).rejects.toMatchObject({ code: 'request-invalid' })
  })

  it('no more streams are open than the limit allows, and a closed one makes room', async () => {
    await using hub = await startTestHub({ limits: { eventStreams: 1 } })
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    const first = await openStream(hub, id)

    await expect(openStream(hub, id)).rejects.toMatchObject({ code: 'rate-limited' })

    await first.body!.cancel()
    await expect.poll(async () => openStream(hub, id).catch(() => null)).not.toBeNull()
  })

  it('ends when the hub closes', async () => {
    await using hub = await startTestHub()
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    const streamed = collect(await openStream(hub, id))

    await hub.close()

    expect((await streamed).map(({ type }) => type)).toEqual(['submitted'])
  })
})
