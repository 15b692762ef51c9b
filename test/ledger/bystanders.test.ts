import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { Limits } from '../../src/domain/limits.ts'
import type { Fence } from '../../src/domain/lease.ts'
import { type Deferral, Usage } from '../../src/domain/outcome.ts'
import { RetryPolicy } from '../../src/domain/retry.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import { selectOf, TABLES } from '../../src/ledger/tables.ts'
import {
  CANCELLED,
  claimed,
  FAILED,
  LEASE_MS,
  nextJob,
  submitted,
  SUCCEEDED,
} from '../conformance/ledger/bed.ts'
import { openInMemory } from '../support/ledger-in-memory.ts'

const DAY = 86_400_000
const USAGE = Usage.parse({ requests: 1, outputTokens: 5 })
const WAITING = { reason: 'waiting-for-person', detail: '' } as const
const AWAY: Deferral = {
  reason: 'repository-unreachable',
  detail: '',
  closed: { key: 'host:https://git.example', covers: ['repo:https://git.example/*'] },
}
const ARTIFACT = { name: 'patch', digest: 'aa', size: 2, mediaType: 'text/plain' }
const INTENT = {
  kind: 'branch',
  target: 'https://git.example/a#fix',
  revision: 'a'.repeat(40),
}

type Act = (ledger: Ledger, fence: Fence) => Promise<unknown>

/** Transactions on a job in its second attempt. */
const ACTS: Record<string, Act> = {
  renew: (ledger, fence) => ledger.renew(fence, LEASE_MS),
  'tell its story': (ledger, fence) =>
    ledger.appendEvents(fence, 1, [
      { type: 'step-started', step: 'agent' },
      { type: 'agent-started', agent: 'codex' },
      { type: 'usage', usage: Usage.parse({ requests: 7 }) },
      { type: 'published', publication: INTENT },
    ]),
  checkpoint: (ledger, fence) => ledger.checkpoint(fence, { step: 's', product: { new: 1 } }),
  'have its work salvaged': (ledger, fence) =>
    ledger.recordSalvage(fence, { step: 's', product: { new: 1 } }),
  'intend to publish': (ledger, fence) => ledger.intendPublication(fence, INTENT),
  'have its hold extended': (ledger, { jobId }) =>
    ledger.extendHold(jobId, 3_000_000_000_000, 'tester'),
  'add an artifact': (ledger, fence) =>
    ledger.addArtifact({ ...fence, ...ARTIFACT, digest: 'bb', size: 3 }),
  succeed: (ledger, fence) => ledger.settle(fence, SUCCEEDED, USAGE),
  'fail for good': (ledger, fence) =>
    ledger.settle(fence, { ...FAILED, reason: 'ref-not-found' }, USAGE),
  'fail and be queued again': (ledger, fence) => ledger.settle(fence, FAILED, USAGE),
  'be handed back': (ledger, fence) => ledger.handBack(fence),
  'be deferred': (ledger, fence) => ledger.defer(fence, AWAY, USAGE),
  'be abandoned': (ledger, fence) => ledger.abandon(fence),
  'pause and be resumed': async (ledger, fence) => {
    await ledger.pause(fence, WAITING, USAGE)
    await ledger.resume(fence.jobId, 'ada')
  },
  'pause and be cancelled': async (ledger, fence) => {
    await ledger.pause(fence, WAITING, USAGE)
    await ledger.requestCancel(fence.jobId, 'ada')
  },
  'be cancelled': async (ledger, fence) => {
    await ledger.requestCancel(fence.jobId, 'ada')
    await ledger.settle(fence, CANCELLED, USAGE)
  },
  'be claimed for the third time': async (ledger, fence) => {
    await ledger.handBack(fence)
    expect(await nextJob(ledger)).toBe(fence.jobId)
  },
}

describe('a transaction on one attempt', () => {
  it.each(Object.entries(ACTS))('to %s changes no other row', async (_name, act) => {
    const { ledger, database } = openInMemory()
    await bystanders(ledger)
    const fence = await twice(ledger, { priority: 9, holdUntil: 2_000_000_000_000 })
    const before = rowsOf(database, fence)
    await act(ledger, fence)
    expect(rowsOf(database, fence)).toEqual(before)
  })

  it('an expired lease ends only its own attempt', async () => {
    const { ledger, database, advance } = openInMemory()
    await bystanders(ledger)
    const fence = await twice(ledger, { priority: 9 })
    const before = rowsOf(database, fence)
    advance(LEASE_MS)
    expect(await ledger.expire(10)).toBe(1)
    expect(rowsOf(database, fence)).toEqual(before)
  })

  it('keys of a paused job are released for that job only', async () => {
    const { ledger, database, advance } = openInMemory()
    await bystanders(ledger)
    const fence = await twice(ledger, {
      priority: 9,
      locks: ['its-own'],
      limits: Limits.parse({ pausedLocksMs: 10 }),
    })
    await ledger.pause(fence, WAITING, null)
    const before = rowsOf(database, fence)
    advance(10)
    expect(await ledger.tidyLocks(10)).toBe(1)
    expect(rowsOf(database, fence)).toEqual(before)
  })

  it('storing or deleting an upload changes no other upload', async () => {
    const { ledger, database, advance } = openInMemory()
    await bystanders(ledger)
    const upload = { digest: 'own', size: 1, uploader: 'token' }
    const others = () => [
      database.prepare(`SELECT * FROM blob WHERE digest <> 'own' ORDER BY digest`).all(),
      database.prepare(`SELECT * FROM upload WHERE digest <> 'own' ORDER BY digest`).all(),
    ]
    const before = others()
    await ledger.storeBlob(upload)
    advance(1000)
    await ledger.storeBlob({ ...upload, uploader: 'other' })
    expect(others()).toEqual(before)
    const { createdAt } = await ledger.job(await submitted(ledger))
    const page = { after: '', limit: 10 }
    expect(await ledger.forgetBlobs(createdAt + 1, page)).toMatchObject({ forgotten: 2 })
    expect(others()[0]).toHaveLength(1)
  })

  it('using or revoking a token changes no other token', async () => {
    const { ledger } = openInMemory()
    const token = { name: 'ci', scopes: [], lanes: null, expiresAt: null }
    await ledger.createToken({ ...token, id: 't-1', hash: 'h-1' })
    await ledger.createToken({ ...token, id: 't-2', hash: 'h-2' })
    const [untouched] = await ledger.tokens()
    await ledger.findToken('h-2')
    await ledger.revokeToken('t-2')
    expect((await ledger.tokens())[0]).toEqual(untouched)
  })
})

/** Jobs of every state, with as many attempts as the job under test. */
async function bystanders(ledger: Ledger): Promise<void> {
  await ledger.storeBlob({ digest: 'named', size: 1, uploader: 'token' })
  await ledger.storeBlob({ digest: 'unnamed', size: 1, uploader: 'token' })
  const inputs = [{ name: 'n', digest: 'named' }]
  await submitted(ledger, { kind: 'bringing', inputs, holdUntil: 1, notBefore: 1 })
  await ledger.renew(await twice(ledger), DAY)
  const paused = await twice(ledger, {
    locks: ['kept'],
    limits: Limits.parse({ pausedLocksMs: DAY }),
  })
  await ledger.pause(paused, WAITING, null)
  await submitted(ledger, { locks: ['kept'] })
  await ledger.settle(await twice(ledger), SUCCEEDED, USAGE)
  const retry = RetryPolicy.parse({ delayMs: DAY, capMs: DAY, maxFailures: 9 })
  const failing = await twice(ledger, { retry }, FAILED)
  await ledger.settle(failing, FAILED, null)
  await ledger.handBack(await twice(ledger, { priority: -9 }))
}

/** A job in its second attempt, with rows in every table. */
async function twice(
  ledger: Ledger,
  differences: Parameters<typeof submitted>[1] = {},
  end: typeof FAILED | null = null,
): Promise<Fence> {
  await submitted(ledger, differences)
  const first = await claimed(ledger)
  await tell(ledger, first)
  if (end === null) await ledger.handBack(first)
  else await ledger.settle(first, end, USAGE)
  const second = await claimed(ledger)
  expect(second).toEqual({ jobId: first.jobId, attempt: 2 })
  return second
}

async function tell(ledger: Ledger, fence: Fence): Promise<void> {
  await ledger.appendEvents(fence, 1, [
    { type: 'step-started', step: 'prepare' },
    { type: 'usage', usage: USAGE },
  ])
  await ledger.checkpoint(fence, { step: 's', product: {} })
  await ledger.addArtifact({ ...fence, ...ARTIFACT })
}

/** Every row except those of the job under test. */
function rowsOf(database: DatabaseSync, { jobId, attempt }: Fence): readonly unknown[] {
  const isOthers = (row: Row): boolean => row['id'] !== jobId && row['job_id'] !== jobId
  const isEarlier = (row: Row): boolean => Number(row['attempt'] ?? attempt) < attempt
  return TABLES.filter(({ name }) => name !== 'worker' && name !== 'closed').flatMap((table) =>
    database
      .prepare(selectOf(table))
      .all()
      .filter((row) => isOthers(row) || (row['job_id'] === jobId && isEarlier(row))),
  )
}

type Row = Readonly<Record<string, unknown>>
