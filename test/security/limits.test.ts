import { LOG_SEGMENT_BYTES_MAX } from '../../src/domain/attempt.ts'
import { describe, expect, it } from 'vitest'
import { FILE_BYTES_MAX } from '../../src/domain/input.ts'
import { JSON_BYTES_MAX } from '../../src/protocol/schemas.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aClaim, aJob, aLease } from '../support/jobs.ts'
import { request, sendRaw, statusOf } from '../support/raw-http.ts'

const LEAST_OUTPUT = 64 * 1024

/** The result of a call: `taken`, or the error code. */
const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'taken',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

/** Submits a job whose body is padded with spaces to this many bytes. */
function submitBytes(hub: TestHub, bytes: number, chunked = false) {
  const text = JSON.stringify(aJob()).padEnd(bytes)
  const whole = new TextEncoder().encode(text)
  return fetch(`${hub.url}/api/v1/jobs`, {
    method: 'POST',
    body: chunked ? new Blob([whole]).stream() : whole,
    headers: {
      authorization: `Bearer ${hub.adminToken}`,
      'content-type': 'application/json',
    },
    ...(chunked ? { duplex: 'half' } : {}),
  })
}

describe('T24: limits, one below, at, and one above', () => {
  it.each([false, true])('the body of a submission (in chunks: %s)', async (chunked) => {
    await using hub = await startTestHub()
    const statuses: number[] = []
    for (const bytes of [JSON_BYTES_MAX - 1, JSON_BYTES_MAX, JSON_BYTES_MAX + 1]) {
      statuses.push((await submitBytes(hub, bytes, chunked)).status)
    }
    expect(statuses).toEqual([201, 201, 413])
  })

  it('jobs in the queue, until one is taken', async () => {
    await using hub = await startTestHub({ limits: { queuedJobs: 2 } })
    const submit = () => outcome(hub.admin.call('submitJob', { body: aJob() }))
    expect([await submit(), await submit(), await submit()]).toEqual([
      'taken',
      'taken',
      'queue-full',
    ])
    const refused = await submitBytes(hub, 0)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
    await hub.worker.call('claimLease', { body: aClaim() })
    expect(await submit()).toBe('taken')
  })

  it('a segment of a log', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const write = (bytes: number, offset: number) =>
      outcome(
        attempt.call('writeLog', {
          params: { ...params, stream: 'output', offset },
          body: Buffer.alloc(bytes),
        }),
      )
    expect(await write(LOG_SEGMENT_BYTES_MAX - 1, 0)).toBe('taken')
    expect(await write(LOG_SEGMENT_BYTES_MAX, LOG_SEGMENT_BYTES_MAX - 1)).toBe('taken')
    expect(await write(LOG_SEGMENT_BYTES_MAX + 1, 2 * LOG_SEGMENT_BYTES_MAX - 1)).toBe(
      'body-too-large',
    )
  })

  it('the output of an attempt, with one segment left for the mark of the loss', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub, { limits: { outputBytes: LEAST_OUTPUT } })
    const write = (bytes: number, offset: number) =>
      outcome(
        attempt.call('writeLog', {
          params: { ...params, stream: 'output', offset },
          body: Buffer.alloc(bytes),
        }),
      )
    expect(await write(LOG_SEGMENT_BYTES_MAX, 0)).toBe('taken')
    expect(await write(LEAST_OUTPUT, LOG_SEGMENT_BYTES_MAX)).toBe('taken')
    expect(await write(1, LOG_SEGMENT_BYTES_MAX + LEAST_OUTPUT)).toBe('body-too-large')
  })

  it('events in one call', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const tell = (count: number, from: number) => {
      const events = Array.from({ length: count }, () => ({
        type: 'step-started' as const,
        step: 'agent',
      }))
      return outcome(attempt.call('appendEvents', { params, body: { from, events } }))
    }
    expect([await tell(0, 1), await tell(1, 1), await tell(500, 2), await tell(501, 502)]).toEqual([
      'request-invalid',
      'taken',
      'taken',
      'request-invalid',
    ])
  })

  it.each([
    ['locks', 64, (count: number) => aJob({ locks: names(count) })],
    ['labels', 16, (count: number) => aJob({ labels: names(count) })],
    ['letters of a key', 255, (count: number) => aJob({ idempotencyKey: 'k'.repeat(count) })],
    ['priority', 1000, (count: number) => aJob({ priority: count })],
    ['failures', 100, (count: number) => aJob({ retry: { maxFailures: count } })],
  ])('%s: %i', async (_, most, job) => {
    await using hub = await startTestHub()
    const submit = (count: number) => outcome(hub.admin.call('submitJob', { body: job(count) }))
    expect([await submit(most - 1), await submit(most), await submit(most + 1)]).toEqual([
      'taken',
      'taken',
      'request-invalid',
    ])
  })

  it('jobs on a page, and letters in an artifact’s name', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const list = (limit: number) => outcome(hub.admin.call('listJobs', { query: { limit } }))
    const put = (letters: number) =>
      outcome(
        attempt.call('putArtifact', {
          params: { ...params, name: 'n'.repeat(letters) },
          body: Buffer.from('x'),
        }),
      )
    expect([await list(0), await list(1), await list(200), await list(201)]).toEqual([
      'request-invalid',
      'taken',
      'taken',
      'request-invalid',
    ])
    expect([await put(127), await put(128), await put(129)]).toEqual([
      'taken',
      'taken',
      'request-invalid',
    ])
  })

  it('an upload that says it is larger than any artifact is refused before it is read', async () => {
    await using hub = await startTestHub()
    const { lease } = await aLease(hub)
    const answer = await sendRaw(
      hub.port,
      request(
        `PUT /api/v1/leases/${lease.job.id}/${lease.attempt}/artifacts/a`,
        'Host: localhost',
        `Authorization: Bearer ${lease.token}`,
        `Content-Length: ${FILE_BYTES_MAX + 1}`,
      ),
    )
    expect(statusOf(answer)).toBe(413)
  })
})

const names = (count: number) => Array.from({ length: count }, (_, index) => `name-${index}`)
