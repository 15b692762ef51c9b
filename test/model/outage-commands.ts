import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { closable } from '../../src/domain/closed.ts'
import { laneOf } from '../../src/domain/lane.ts'
import { refusal } from '../conformance/ledger/bed.ts'
import { type Command, detail, onJob, say } from './command.ts'
import { closedToJob, fenceRefusal, isRepeat, modelDefer, modelMakeDue } from './ledger-model.ts'

export const HOST = { key: 'host:acme', covers: ['repo:acme/*'] }
export const ACCOUNT = { key: 'model:m#1', covers: ['model:m'] }

/** L-52: an attempt that meets an outage costs no failure, and its job waits for the next try. */
const defer = fc.tuple(detail, fc.constantFrom(HOST, ACCOUNT)).chain(([words, closed]) =>
  onJob(`defer-${closed.key}`, async ({ model, bed, job, attempt }) => {
    const why = { reason: 'model-unavailable', detail: words, closed } as const
    const outcome = { kind: 'deferred', ...why } as const
    const repeat = isRepeat(job, attempt, outcome)
    const expected = fenceRefusal(job, attempt, 'defer')
    const answer = say(bed.ledger, { jobId: job.id, attempt }, outcome)
    assert.equal(await refusal(answer), repeat ? 'none' : expected)
    if (expected !== 'none' || repeat) return
    const row = (await bed.ledger.closed()).find(({ key }) => key === closed.key)
    const closes = closable(closed, laneOf(job.asked)) !== null
    const nextTry = closes ? row?.until : (await bed.ledger.job(job.id)).notBefore
    modelDefer(model, job, outcome, nextTry ?? model.now)
    if (!closes) return
    const { since, tries, until } = model.closed.get(closed.key)!
    assert.deepEqual([row?.since, row?.tries, row?.until], [since, tries, until], 'L-52')
    assert.ok(until > model.now && until <= model.now + 120_000, 'L-52')
  }),
)

/** What an attempt reaches is open again. */
const reach = onJob('reach', async ({ model, bed, job, attempt }) => {
  const expected = fenceRefusal(job, attempt, 'renew')
  const event = { type: 'reached', key: HOST.key } as const
  const appended = bed.ledger.appendEvents({ jobId: job.id, attempt }, job.eventCount + 1, [event])
  assert.equal(await refusal(appended), expected)
  if (expected !== 'none') return
  job.eventCount += 1
  job.reachedHost.add(attempt)
  if (closedToJob(model, job).includes(HOST.key)) model.closed.delete(HOST.key)
})

const tryNow = onJob(
  'tryNow',
  async ({ model, bed, job }) => {
    const keys = job.state === 'queued' ? closedToJob(model, job) : []
    assert.equal(await bed.ledger.tryNow(job.id), keys.length > 0)
    for (const key of keys) modelMakeDue(model, key)
    if (keys.length > 0 && job.deferrals > 0) job.notBefore = 0
  },
  'queued',
)

/** Outages, and their ends. */
export const OUTAGE_COMMANDS: readonly fc.Arbitrary<Command>[] = [defer, defer, reach, tryNow]
