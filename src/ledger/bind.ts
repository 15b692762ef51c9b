import { type JobId, newJobId, type RandomBytes } from '../domain/id.ts'
import { readInputs } from './inputs.ts'
import { readJob } from './job-row.ts'
import { callbacksOf } from './outbox.ts'
import { noProbe, type Probe } from '../domain/probe.ts'
import type { Claimed, ClaimRequest, Ledger } from './port.ts'
import type { Engine, Tx } from './transaction.ts'
import { abandon } from './transactions/abandon.ts'
import { appendEvents } from './transactions/append-events.ts'
import { addArtifact, artifacts, earlierArtifacts } from './transactions/artifacts.ts'
import { attempt } from './transactions/attempt.ts'
import { checkpoint } from './transactions/checkpoint.ts'
import { readClosed } from './closed.ts'
import { claim, type ClaimAnswer } from './transactions/claim.ts'
import { defer } from './transactions/defer.ts'
import {
  deliveries,
  markDelivery,
  pendingDeliveries,
  resendDelivery,
  takeDelivery,
} from './transactions/deliveries.ts'
import { events } from './transactions/events.ts'
import { expire } from './transactions/expire.ts'
import { extendHold } from './transactions/extend-hold.ts'
import { forget, forgetBlobs } from './transactions/forget.ts'
import { handBack } from './transactions/hand-back.ts'
import { bindStore, checkWritable } from './transactions/health.ts'
import { intendPublication } from './transactions/intend-publication.ts'
import { counts, jobs } from './transactions/jobs.ts'
import { pause } from './transactions/pause.ts'
import { recordSalvage } from './transactions/record-salvage.ts'
import { renew } from './transactions/renew.ts'
import { requestCancel } from './transactions/request-cancel.ts'
import { resume, resumeDue, tryNow } from './transactions/resume.ts'
import { settle } from './transactions/settle.ts'
import { storeBlob } from './transactions/store-blob.ts'
import { strandedJobs } from './transactions/stranded-jobs.ts'
import { submit } from './transactions/submit.ts'
import { tidyLocks } from './transactions/tidy-locks.ts'
import { createToken, findToken, revokeToken, tokens } from './transactions/tokens.ts'
import { endings, referenced, unneeded, unneededBlobs } from './transactions/unneeded.ts'
import { totals } from './transactions/totals.ts'
import { usageReport } from './transactions/usage-report.ts'
import { workers } from './transactions/workers.ts'

/**
 * Builds the ledger on an engine. Each method is one transaction, except that `claim` may need
 * several.
 */
export function bindLedger(engine: Engine, random: RandomBytes, probe = noProbe): Ledger {
  const { transact } = engine
  const probed = withProbes(engine, probe)
  return {
    submit: (job) => probed('submit', (tx) => submit(tx, job.id ?? newJobId(tx.now, random), job)),
    claim: (request) => claimUntilCertain(probed, request),
    renew: (fence, leaseMs) => probed('renew', (tx) => renew(tx, fence, leaseMs)),
    appendEvents: (fence, from, reported) =>
      probed('appendEvents', (tx) => appendEvents(tx, fence, from, reported)),
    checkpoint: (fence, made) => probed('checkpoint', (tx) => checkpoint(tx, fence, made)),
    recordSalvage: (fence, left) => probed('recordSalvage', (tx) => recordSalvage(tx, fence, left)),
    intendPublication: (fence, intent) =>
      probed('intendPublication', (tx) => intendPublication(tx, fence, intent)),
    settle: (fence, settlement, usage) =>
      probed('settle', (tx) => settle(tx, fence, settlement, usage)),
    pause: (fence, why, usage) => probed('pause', (tx) => pause(tx, fence, why, usage)),
    resume: (jobId, by) => transact((tx) => resume(tx, jobId, by)),
    tryNow: (jobId) => transact((tx) => tryNow(tx, jobId)),
    resumeDue: (limit) => probed('resumeDue', (tx) => resumeDue(tx, limit)),
    requestCancel: (jobId, by) => probed('requestCancel', (tx) => requestCancel(tx, jobId, by)),
    extendHold: (jobId, until, by) =>
      probed('extendHold', (tx) => extendHold(tx, jobId, until, by)),
    defer: (fence, why, usage) => probed('defer', (tx) => defer(tx, fence, why, { usage, random })),
    closed: () => transact(readClosed),
    handBack: (fence) => probed('handBack', (tx) => handBack(tx, fence)),
    abandon: (fence) => probed('abandon', (tx) => abandon(tx, fence)),
    expire: (limit) => probed('expire', (tx) => expire(tx, limit, probe)),
    tidyLocks: (limit) => transact((tx) => tidyLocks(tx, limit)),
    strandedJobs: (limit) => transact((tx) => strandedJobs(tx, limit)),
    job: (jobId) => transact((tx) => readJob(tx, jobId)),
    jobs: (page) => transact((tx) => jobs(tx, page)),
    usageReport: (filter) => transact((tx) => usageReport(tx, filter)),
    storeBlob: (blob) => probed('storeBlob', (tx) => storeBlob(tx, blob)),
    inputs: (jobId) => transact((tx) => readInputs(tx, jobId)),
    events: (jobId, after, limit) => transact((tx) => events(tx, jobId, after, limit)),
    counts: () => transact(counts),
    totals: (group) => transact((tx) => totals(tx, group)),
    workers: () => transact(workers),
    attempt: (jobId, number) => transact((tx) => attempt(tx, jobId, number)),
    addArtifact: (artifact) => probed('addArtifact', (tx) => addArtifact(tx, artifact)),
    artifacts: (jobId) => transact((tx) => artifacts(tx, jobId)),
    earlierArtifacts: (jobId) => transact((tx) => earlierArtifacts(tx, jobId)),
    callbacks: (jobId) => transact((tx) => callbacksOf(tx, jobId)),
    deliveries: (page) => transact((tx) => deliveries(tx, page)),
    pendingDeliveries: () => transact(pendingDeliveries),
    takeDelivery: (leaseMs, exceptHosts) =>
      probed('takeDelivery', (tx) => takeDelivery(tx, leaseMs, exceptHosts)),
    markDelivery: (taken, end) => probed('markDelivery', (tx) => markDelivery(tx, taken, end)),
    resendDelivery: (id) => transact((tx) => resendDelivery(tx, id)),
    createToken: (token) => transact((tx) => createToken(tx, token)),
    findToken: (hash) => transact((tx) => findToken(tx, hash)),
    tokens: () => transact(tokens),
    revokeToken: (id) => transact((tx) => revokeToken(tx, id)),
    unneeded: (before) => transact((tx) => unneeded(tx, before)),
    unneededBlobs: (before, page) => transact((tx) => unneededBlobs(tx, before, page)),
    forget: (before, limit) => transact((tx) => forget(tx, before, limit)),
    forgetBlobs: (before, page) => probed('forgetBlobs', (tx) => forgetBlobs(tx, before, page)),
    referenced: (digests, before) => transact((tx) => referenced(tx, digests, before)),
    endings: (jobIds) => transact((tx) => endings(tx, jobIds)),
    bindStore: (id) => transact((tx) => bindStore(tx, id)),
    checkWritable: () => transact(checkWritable),
    subscribe: engine.subscribe,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

/**
 * Repeats the claim transaction until its answer is `claimed` or `none`. Parking many jobs whose
 * lock keys are held takes several short transactions, so that no other transaction waits long.
 * Returns null only if no candidate is left, not even a job that another transaction has locked.
 * The loop ends: a parked job is not examined again before its key is free. A job whose lock the
 * claim waited for is afterwards claimed, parked or no longer ready.
 */
async function claimUntilCertain(probed: Probed, request: ClaimRequest): Promise<Claimed | null> {
  let answer: ClaimAnswer = { kind: 'again', behind: null }
  while (answer.kind === 'again') {
    const behind: JobId | null = answer.behind
    answer = await probed('claim', (tx) => claim(tx, request, behind))
  }
  return answer.kind === 'claimed' ? answer.claimed : null
}

type Probed = <Value>(
  operation: keyof Ledger & string,
  work: (tx: Tx) => Promise<Value>,
) => Promise<Value>

/** Calls a probe before and after each commit, unless the transaction found nothing to do. */
function withProbes({ transact }: Engine, probe: Probe): Probed {
  return async (operation, work) => {
    const value = await transact(async (tx) => {
      const made = await work(tx)
      if (!foundNothing(made)) await probe(`${operation}-uncommitted`)
      return made
    })
    if (!foundNothing(value)) await probe(`${operation}-committed`)
    return value
  }
}

/**
 * Whether a transaction's result shows that it found nothing to do. For example, there was no
 * expired attempt, no job to claim or no due delivery.
 */
const foundNothing = (value: unknown): boolean =>
  value === 0 ||
  value === null ||
  (typeof value === 'object' && 'kind' in value && value.kind === 'none') ||
  (typeof value === 'object' && 'forgotten' in value && value.forgotten === 0)
