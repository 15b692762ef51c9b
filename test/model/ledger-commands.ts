import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Limits } from '../../src/domain/limits.ts'
import { RetryPolicy } from '../../src/domain/retry.ts'
import { isTerminal } from '../../src/domain/state.ts'
import { newestPerStep } from '../../src/ledger/fold.ts'
import type { NewJob } from '../../src/ledger/port.ts'
import {
  aJob,
  aRequest,
  CANCELLED,
  FAILED,
  LEASE_MS,
  refusal,
  SUCCEEDED,
} from '../conformance/ledger/bed.ts'
import { command, type Command, detail, onJob, say } from './command.ts'
import {
  bestRunnable,
  fenceRefusal,
  inputsOf,
  intentRefusal,
  isRepeat,
  missingInputs,
  closedToJob,
  modelAbandon,
  modelClaim,
  modelExpire,
  modelForgetBlobs,
  modelHandBack,
  modelMakeDue,
  modelPause,
  modelRenew,
  modelRequestCancel,
  modelRestart,
  modelSettle,
  modelTidyLocks,
  newModelJob,
  trialsOf,
} from './ledger-model.ts'
import { ACCOUNT, OUTAGE_COMMANDS } from './outage-commands.ts'

const DIGESTS = ['d-1', 'd-2', 'd-3']
const submitter = fc.constantFrom('ada', 'bob')

/** Mostly none, so that jobs make progress. */
const sometimes = (names: string[]): fc.Arbitrary<string[]> =>
  fc.tuple(fc.nat(3), fc.subarray(names)).map(([chance, some]) => (chance === 0 ? some : []))

const shape = fc.record({
  priority: fc.integer({ min: -1, max: 1 }),
  labels: fc.subarray(['gpu', 'mac']),
  locks: fc.subarray(['a', 'b', 'c']),
  demands: sometimes(['agent:codex', 'repo:acme/app', 'model:m']),
  inputs: sometimes(DIGESTS),
  submitter,
  waitMs: fc.constantFrom(0, 0, 5000),
  holdMs: fc.constantFrom(null, 0, 5000),
  retry: fc.record({
    maxFailures: fc.integer({ min: 1, max: 3 }),
    firstDelayMs: fc.constantFrom(0, 0, 2000),
    delayMs: fc.constant(5000),
    expiryDelayMs: fc.constantFrom(undefined, undefined, 1000),
    countEarlyExpiry: fc.boolean(),
  }),
  pausedLocksMs: fc.constantFrom(0, LEASE_MS),
  outageMs: fc.constantFrom(undefined, 0, 4 * LEASE_MS),
})
type Shape = typeof shape extends fc.Arbitrary<infer Value> ? Value : never

function askedFor(now: number, wanted: Shape): NewJob {
  const {
    retry,
    pausedLocksMs,
    outageMs,
    inputs,
    submitter: name,
    waitMs,
    holdMs,
    ...same
  } = wanted
  return aJob({
    ...same,
    limits: Limits.parse({ pausedLocksMs, outageMs }),
    retry: RetryPolicy.parse(retry),
    inputs: inputs.map((digest) => ({ name: `in/${digest}`, digest })),
    submitter: { name, tokenId: name },
    notBefore: now + waitMs,
    holdUntil: holdMs === null ? undefined : now + holdMs,
  })
}

/** L-45: exactly the inputs that are not uploaded, or only by others, are reported as missing. */
const submit = shape.map((wanted) =>
  command(`submit(${JSON.stringify(wanted)})`, async (model, { ledger }) => {
    const asked = askedFor(model.now, wanted)
    const missing = missingInputs(model, asked)
    const submission = ledger.submit(asked)
    if (missing.length > 0) {
      await assert.rejects(submission, { code: 'input-missing', details: { missing } }, 'L-45')
      return
    }
    const { job } = await submission
    model.jobs.push(newModelJob(job.id, asked, model.now))
  }),
)

const upload = fc.tuple(fc.constantFrom(...DIGESTS), submitter).map(([digest, uploader]) =>
  command(`upload(${digest}, ${uploader})`, async (model, { ledger }) => {
    await ledger.storeBlob({ digest, size: 3, uploader })
    const uploaders = model.blobs.get(digest)?.uploaders ?? new Set()
    model.blobs.set(digest, { storedAt: model.now, uploaders: uploaders.add(uploader) })
  }),
)

const forgetBlobs = fc.constantFrom(0, 1000).map((ageMs) =>
  command(`forgetBlobs(${ageMs})`, async (model, { ledger }) => {
    const before = model.now - ageMs
    const { forgotten } = await ledger.forgetBlobs(before, { after: '', limit: 100 })
    assert.equal(forgotten, modelForgetBlobs(model, before), 'L-46')
  }),
)

const asker = fc.record({
  labels: fc.subarray(['gpu', 'mac']),
  offers: fc.subarray(['agent:codex', 'agent:c*', 'repo:acme/*', 'repo:*', 'model:m']),
  accounts: fc.subarray([ACCOUNT.key]),
  restrictedTo: fc.constantFrom(
    null,
    null,
    null,
    ['label:gpu'],
    ['repo:acme/*'],
    ['agent:codex', 'label:*'],
  ),
})

/** L-7, L-43, L-51: a claim gets the best job that can run for its worker and token; null only when there is none. */
const claim = asker.map(({ restrictedTo, ...worker }) =>
  command(`claim(${JSON.stringify({ ...worker, restrictedTo })})`, async (model, { ledger }) => {
    const request = aRequest(worker, { restrictedTo })
    const best = bestRunnable(model, request)
    const lease = await ledger.claim(request)
    assert.equal(lease?.job.id, best?.id, 'L-7')
    if (best === undefined) return
    modelClaim(model, best, request)
    assert.equal(lease?.attempt, best.attempt)
    assert.deepEqual(lease?.checkpoints, newestPerStep(best.checkpoints))
    assert.deepEqual(lease?.intents, best.intents)
    assert.deepEqual(lease?.trials, trialsOf(model, best), 'L-51')
    assert.deepEqual(
      lease?.inputs.map(({ digest }) => digest),
      inputsOf(best),
    )
  }),
)

const claimAgain = onJob('claimAgain', async ({ model, bed, job }) => {
  if (job.state !== 'running' || job.request === null) return
  const lease = await bed.ledger.claim(job.request)
  assert.deepEqual([lease?.job.id, lease?.attempt], [job.id, job.attempt])
  modelRenew(model, job, job.request.leaseMs)
})

const renew = onJob('renew', async ({ model, bed, job, attempt }) => {
  const expected = fenceRefusal(job, attempt, 'renew')
  assert.equal(await refusal(bed.ledger.renew({ jobId: job.id, attempt }, LEASE_MS)), expected)
  if (expected === 'none') modelRenew(model, job, LEASE_MS)
})

const startAgent = onJob('startAgent', async ({ bed, job, attempt }) => {
  const expected = fenceRefusal(job, attempt, 'renew')
  const event = { type: 'agent-started', agent: 'codex' } as const
  const appended = bed.ledger.appendEvents({ jobId: job.id, attempt }, job.eventCount + 1, [event])
  assert.equal(await refusal(appended), expected)
  if (expected !== 'none') return
  job.agentStarted = true
  job.eventCount += 1
})

const checkpoint = onJob('checkpoint', async ({ bed, job, attempt }) => {
  const expected = fenceRefusal(job, attempt, 'renew')
  const made = { step: `step-${job.attempt % 2}`, product: { attempt } }
  assert.equal(await refusal(bed.ledger.checkpoint({ jobId: job.id, attempt }, made)), expected)
  if (expected === 'none') job.checkpoints.push(made)
})

/** Like a checkpoint, but also between two attempts. */
const recordSalvage = onJob('recordSalvage', async ({ bed, job, attempt }) => {
  const isNext = attempt === job.attempt && job.state === 'queued' && attempt > 0
  const expected = isNext ? 'none' : fenceRefusal(job, attempt, 'renew')
  const made = { step: `step-${job.attempt % 2}`, product: { salvaged: attempt } }
  assert.equal(await refusal(bed.ledger.recordSalvage({ jobId: job.id, attempt }, made)), expected)
  if (expected === 'none') job.checkpoints.push(made)
})

/** L-41: no publication begins after a cancel or a lapsed hold, but an intended one completes. */
const intend = detail.chain((words) =>
  onJob(`intend-${words}`, async ({ model, bed, job, attempt }) => {
    const intent = { kind: 'branch', target: `r#${words}`, revision: 'a' }
    const again = job.intents.some(({ target }) => target === intent.target)
    const refused = fenceRefusal(job, attempt, 'renew')
    const expected = refused === 'none' && !again ? intentRefusal(model, job) : refused
    const intended = bed.ledger.intendPublication({ jobId: job.id, attempt }, intent)
    assert.equal(await refusal(intended), expected, 'L-41')
    if (expected === 'none' && !again) job.intents.push(intent)
  }),
)

const extendHold = fc.tuple(submitter, fc.constantFrom(-1000, 1000, 5000)).chain(([by, ms]) =>
  onJob(`extendHold-${by}-${ms}`, async ({ model, bed, job }) => {
    const until = model.now + ms
    const ended = isTerminal(job.state) ? 'job-terminal' : 'none'
    const expected = by === job.asked.submitter.name ? ended : 'scope-missing'
    assert.equal(await refusal(bed.ledger.extendHold(job.id, until, by)), expected, 'L-41')
    if (expected !== 'none' || job.holdUntil === null) return
    job.holdUntil = Math.max(job.holdUntil, until)
  }),
)

const settle = fc
  .tuple(fc.constantFrom(SUCCEEDED, FAILED, CANCELLED), detail)
  .chain(([kind, words]) =>
    onJob(`settle-${kind.kind}`, async ({ model, bed, job, attempt }) => {
      const settlement = { ...kind, detail: words }
      const repeat = isRepeat(job, attempt, settlement)
      const refused = fenceRefusal(job, attempt, `settle-${kind.kind}`)
      const unasked = kind.kind === 'cancelled' && !job.cancelRequested
      const expected = refused === 'none' && unasked ? 'cancel-not-requested' : refused
      const answer = bed.ledger.settle({ jobId: job.id, attempt }, settlement, null)
      assert.equal(await refusal(answer), repeat ? 'none' : expected)
      if (expected === 'none' && !repeat) modelSettle(model, job, settlement)
    }),
  )

/** L-10: a repeat of an accepted outcome is accepted and changes nothing. */
const sayAgain = onJob('sayAgain', async ({ bed, job }) => {
  for (const [attempt, outcome] of job.said) {
    assert.equal(await refusal(say(bed.ledger, { jobId: job.id, attempt }, outcome)), 'none')
  }
})

const pause = detail.chain((words) =>
  onJob('pause', async ({ model, bed, job, attempt }) => {
    const outcome = { kind: 'paused', reason: 'quota-exhausted', detail: words } as const
    const repeat = isRepeat(job, attempt, outcome)
    const expected = fenceRefusal(job, attempt, 'pause')
    const answer = say(bed.ledger, { jobId: job.id, attempt }, outcome)
    assert.equal(await refusal(answer), repeat ? 'none' : expected)
    if (expected === 'none' && !repeat) modelPause(model, job, outcome)
  }),
)

const resume = onJob(
  'resume',
  async ({ model, bed, job }) => {
    const expected = fenceRefusal(job, job.attempt, 'resume')
    assert.equal(await refusal(bed.ledger.resume(job.id, 'ada')), expected)
    if (expected !== 'none') return
    Object.assign(job, { state: 'queued', reason: 'resumed' })
    for (const key of closedToJob(model, job)) modelMakeDue(model, key)
  },
  'paused',
)

const requestCancel = onJob('requestCancel', async ({ bed, job }) => {
  const expected = fenceRefusal(job, job.attempt, 'request-cancel')
  assert.equal(await refusal(bed.ledger.requestCancel(job.id, 'ada')), expected)
  if (expected === 'none' && job.state !== 'cancelled') modelRequestCancel(job)
})

const handBack = onJob('handBack', async ({ model, bed, job, attempt }) => {
  const repeat = isRepeat(job, attempt, { kind: 'handed-back' })
  const expected = fenceRefusal(job, attempt, 'hand-back')
  const answer = bed.ledger.handBack({ jobId: job.id, attempt })
  assert.equal(await refusal(answer), repeat ? 'none' : expected)
  if (expected === 'none' && !repeat) modelHandBack(model, job)
})

const abandon = onJob('abandon', async ({ model, bed, job, attempt }) => {
  const repeat = isRepeat(job, attempt, { kind: 'abandoned' })
  const expected = fenceRefusal(job, attempt, 'abandon')
  const answer = bed.ledger.abandon({ jobId: job.id, attempt })
  assert.equal(await refusal(answer), repeat ? 'none' : expected)
  if (expected === 'none' && !repeat) modelAbandon(model, job)
})

const advance = fc.constantFrom(1000, 5000, LEASE_MS / 2, LEASE_MS).map((ms) =>
  command(`advance(${ms})`, (model, bed) => {
    model.now += ms
    bed.advance(ms)
    return Promise.resolve()
  }),
)

const expire = fc.constant(
  command('expire', async (model, { ledger }) => {
    assert.equal(await ledger.expire(1000), modelExpire(model))
  }),
)

/** Releases lock keys of jobs paused for too long. */
const tidyLocks = fc.constant(
  command('tidyLocks', async (model, { ledger }) => {
    assert.equal(await ledger.tidyLocks(1000), modelTidyLocks(model))
  }),
)

const crash = fc.constant(
  command('crash', async (model, bed) => {
    await bed.reopen()
    if (bed.graceAfterRestart) modelRestart(model)
  }),
)

/** Weighted, so that jobs make progress. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  submit,
  submit,
  submit,
  upload,
  forgetBlobs,
  claim,
  claim,
  claim,
  renew,
  startAgent,
  checkpoint,
  recordSalvage,
  intend,
  extendHold,
  settle,
  settle,
  claimAgain,
  sayAgain,
  pause,
  ...OUTAGE_COMMANDS,
  resume,
  requestCancel,
  handBack,
  abandon,
  advance,
  expire,
  tidyLocks,
  crash,
]
