import { Client } from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { Limits } from '../../src/domain/limits.ts'
import type { Fence } from '../../src/domain/lease.ts'
import type { Deferral } from '../../src/domain/outcome.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import {
  aJob,
  aRequest,
  claimed,
  FAILED,
  LEASE_MS,
  nextJob,
  refusal,
  submitted,
  SUCCEEDED,
} from '../conformance/ledger/bed.ts'
import { describeNeeding } from '../support/needs.ts'
import { openOnPostgres, postgresOfFile } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres-server.ts'

const WAITING = { reason: 'waiting-for-person', detail: '' } as const
const AWAY: Deferral = {
  reason: 'repository-unreachable',
  detail: '',
  closed: { key: 'host:https://git.example', covers: ['repo:https://git.example/*'] },
}
const INTENT = {
  kind: 'branch',
  target: 'https://git.example/a#fix',
  revision: 'a'.repeat(40),
}
/** A page that holds every upload of a test. */
const ALL = { after: '', limit: 10 }
const KEPT_SHORTLY = Limits.parse({ pausedLocksMs: 0 })

type Act = (ledger: Ledger, fence: Fence) => Promise<unknown>

/** Transactions that lock a running job, and those that lock its keys too. */
const ON_JOB: Record<string, Act> = {
  'an event': (ledger, fence) =>
    ledger.appendEvents(fence, 1, [{ type: 'note', code: 'n', text: 't' }]),
  'a checkpoint': (ledger, fence) => ledger.checkpoint(fence, { step: 's', product: {} }),
  'salvaged work': (ledger, fence) => ledger.recordSalvage(fence, { step: 's', product: {} }),
  'an intent': (ledger, fence) => ledger.intendPublication(fence, INTENT),
  'an extension of its hold': (ledger, { jobId }) => ledger.extendHold(jobId, 1, 'tester'),
}
const ON_JOB_AND_KEYS: Record<string, Act> = {
  'a success': (ledger, fence) => ledger.settle(fence, SUCCEEDED, null),
  'a failure': (ledger, fence) => ledger.settle(fence, FAILED, null),
  'a pause': (ledger, fence) => ledger.pause(fence, WAITING, null),
  'a hand-back': (ledger, fence) => ledger.handBack(fence),
  'a deferral': (ledger, fence) => ledger.defer(fence, AWAY, null),
  'an abandonment': (ledger, fence) => ledger.abandon(fence),
  'a cancel': (ledger, { jobId }) => ledger.requestCancel(jobId, 'ada'),
}

describeNeeding(
  ['postgresql', 'patience'],
  'an advisory lock that another transaction holds',
  () => {
    const file = postgresOfFile()

    /** A ledger in which an unrelated job without keys is running. */
    async function open() {
      const bed = await openOnPostgres(file.server)
      await submitted(bed.ledger)
      await bed.ledger.renew(await claimed(bed.ledger), 10 * LEASE_MS)
      return bed
    }
    it.each(Object.entries({ ...ON_JOB, ...ON_JOB_AND_KEYS }))(
      'of a job is waited for by %s',
      async (_name, act) => {
        const { ledger } = await open()
        const fence = await running(ledger)
        expect(await waitsFor(file.server, `job ${fence.jobId}`, () => act(ledger, fence))).toBe(
          true,
        )
      },
    )

    it.each(Object.entries(ON_JOB_AND_KEYS))('of a key is waited for by %s', async (_name, act) => {
      const { ledger } = await open()
      const fence = await running(ledger)
      expect(await waitsFor(file.server, 'key a', () => act(ledger, fence))).toBe(true)
    })

    it('of a paused job is waited for by a resumption', async () => {
      const { ledger } = await open()
      const { id } = await ledger.pause(await running(ledger), WAITING, null)
      const resume = () => ledger.resume(id, 'ada')
      expect(await waitsFor(file.server, `job ${id}`, resume)).toBe(true)
    })

    it.each([
      ['key a', { locks: ['a'] }],
      ['request again', { idempotencyKey: 'again' }],
    ])('such as “%s” is waited for by a submission', async (name, job) => {
      const { ledger } = await open()
      expect(await waitsFor(file.server, name, () => ledger.submit(aJob(job)))).toBe(true)
    })

    it.each(['job', 'key'])(
      'of a %s makes a claim skip the job when it finds another',
      async (kind) => {
        const { ledger } = await open()
        const best = await submitted(ledger, { locks: ['a'], priority: 9 })
        const next = await submitted(ledger)
        const release = await lockByHand(file.server, kind === 'job' ? `job ${best}` : 'key a')
        expect(await nextJob(ledger)).toBe(next)
        await release()
        expect(await nextJob(ledger)).toBe(best)
      },
    )

    it.each(['job', 'key'])(
      'of a %s is waited for by a claim that finds no other',
      async (kind) => {
        const { ledger } = await open()
        const only = await submitted(ledger, { locks: ['a'] })
        const name = kind === 'job' ? `job ${only}` : 'key a'
        expect(await waitsFor(file.server, name, () => ledger.claim(aRequest()))).toBe(true)
      },
    )

    it('of a job is waited for by its follow-up and its artifacts', async () => {
      const { ledger } = await open()
      const fence = await running(ledger)
      const artifact = { ...fence, name: 'n', digest: 'd', size: 1, mediaType: 'text/plain' }
      const name = `job ${fence.jobId}`
      expect(await waitsFor(file.server, name, () => ledger.addArtifact(artifact))).toBe(true)
      await ledger.settle(fence, SUCCEEDED, null)
      const followUp = () => ledger.submit(aJob({ retryOf: fence.jobId }))
      expect(await waitsFor(file.server, name, followUp)).toBe(true)
    })

    it('of a job makes forgetting and resuming skip the job', async () => {
      const { ledger, advance } = await open()
      const ended = await running(ledger)
      await ledger.settle(ended, SUCCEEDED, null)
      const { id: paused, createdAt } = await ledger.job(await submitted(ledger))
      const until = { ...WAITING, resumeAt: createdAt }
      await ledger.pause(await claimed(ledger), until, null)
      advance(1)
      const now = createdAt + 1
      const releases = [
        await lockByHand(file.server, `job ${ended.jobId}`),
        await lockByHand(file.server, `job ${paused}`),
      ]
      expect(await ledger.forget(now, 10)).toMatchObject({ jobs: 0 })
      expect(await ledger.resumeDue(10)).toBe(0)
      for (const release of releases) await release()
      expect(await ledger.forget(now, 10)).toMatchObject({ jobs: 1 })
      expect(await ledger.resumeDue(10)).toBe(1)
    })

    it.each(['job', 'key'])('of a %s makes a sweep skip the attempt', async (kind) => {
      const { ledger, advance } = await open()
      const { jobId } = await running(ledger)
      advance(LEASE_MS)
      const release = await lockByHand(file.server, kind === 'job' ? `job ${jobId}` : 'key a')
      expect(await ledger.expire(10)).toBe(0)
      await release()
      expect(await ledger.expire(10)).toBe(1)
    })

    it.each(['job', 'key'])('of a %s makes tidying skip the job', async (kind) => {
      const { ledger } = await open()
      const paused = await submitted(ledger, { locks: ['a'], limits: KEPT_SHORTLY })
      await ledger.pause(await claimed(ledger), WAITING, null)
      const release = await lockByHand(file.server, kind === 'job' ? `job ${paused}` : 'key a')
      expect(await ledger.tidyLocks(10)).toBe(0)
      await release()
      expect(await ledger.tidyLocks(10)).toBe(1)
    })
  },
)

describeNeeding(['postgresql', 'patience'], 'an upload', () => {
  const file = postgresOfFile()
  const BRINGING = aJob({ inputs: [{ name: 'n', digest: 'd' }] })

  /** A ledger with an upload, and a concurrent open transaction that has run this statement. */
  async function whileOther(statement: string) {
    const { ledger, url, clock, advance } = await openOnPostgres(file.server)
    await ledger.storeBlob({ digest: 'd', size: 1, uploader: 'token' })
    advance(1)
    const other = new Client({ connectionString: url })
    await other.connect()
    onTestFinished(() => other.end())
    await other.query('BEGIN')
    await other.query(statement)
    return { ledger, other, now: clock.now() }
  }

  it('that a submission is about to name is skipped when uploads are deleted', async () => {
    const { ledger, other, now } = await whileOther('SELECT digest FROM blob FOR KEY SHARE')
    expect(await ledger.forgetBlobs(now, ALL)).toMatchObject({ forgotten: 0 })
    await other.query('ROLLBACK')
    expect(await ledger.forgetBlobs(now, ALL)).toMatchObject({ forgotten: 1 })
  })

  it('that is being deleted makes a submission that names it wait', async () => {
    const { ledger, other } = await whileOther('DELETE FROM blob')
    const submission = refusal(ledger.submit(BRINGING))
    const waiters = 'SELECT pid FROM pg_locks WHERE NOT granted'
    await expect.poll(() => file.server.query(waiters), { timeout: 5000 }).toHaveLength(1)
    await other.query('COMMIT')
    expect(await submission).toBe('input-missing')
  })
})

async function running(ledger: Ledger): Promise<Fence> {
  await submitted(ledger, { locks: ['a'] })
  return claimed(ledger)
}

/** Takes a lock in another session; returns a function that releases it. */
async function lockByHand(server: PostgresServer, name: string): Promise<() => Promise<void>> {
  const session = new Client({ connectionString: server.url })
  await session.connect()
  let held = true
  const release = async (): Promise<void> => {
    if (held) await session.end()
    held = false
  }
  onTestFinished(release)
  await session.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name])
  return release
}

/** Whether the act waits for the lock and completes after its release. */
async function waitsFor(
  server: PostgresServer,
  name: string,
  act: () => Promise<unknown>,
): Promise<boolean> {
  const release = await lockByHand(server, name)
  const done = act()
  done.catch(() => {})
  const waiters = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
  await expect.poll(() => server.query(waiters), { timeout: 5000 }).toHaveLength(1)
  await release()
  await done
  return true
}
