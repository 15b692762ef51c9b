import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openDiskArtifacts } from '../../src/artifacts/disk-artifacts.ts'
import type { GarbageReport } from '../../src/domain/garbage.ts'
import { aJob } from '../conformance/ledger/bed.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'

const DAY_MS = 86_400_000
const settlement = {
  kind: 'succeeded',
  reason: 'no-change',
  publication: null,
} as const

/** A job that has ended, with a log and the same bytes as an artifact. */
async function endedJob(hub: TestHub) {
  const { params, attempt } = await aLease(hub)
  const bytes = randomBytes(5000)
  const log = { ...params, stream: 'output' as const, offset: 0 }
  await attempt.call('writeLog', { params: log, body: bytes })
  const kept = { ...params, name: 'agent-output.log' }
  await attempt.call('putArtifact', { params: kept, body: bytes })
  await attempt.call('settleLease', { params, body: { settlement, usage: null } })
  return { job: params.job, bytes }
}

const ADA = { name: 'ada', tokenId: 'token-of-ada' }

/** Stores bytes as an upload does; returns their digest. */
async function upload(hub: TestHub, words: string): Promise<string> {
  const store = await openDiskArtifacts(join(hub.folder, 'artifacts'))
  const bytes = Readable.from([Buffer.from(words)])
  const { digest, size } = await store.put(bytes, { expectedDigest: null, maxBytes: 100 })
  await hub.ledger.storeBlob({ digest, size, uploader: ADA.tokenId })
  return digest
}

const gc = (hub: TestHub, dryRun: boolean): Promise<GarbageReport> =>
  hub.admin.call('collect', { body: { dryRun } })

const count = ({ items }: GarbageReport, what: string): number | undefined =>
  items.find((item) => item.what === what)?.count

const readOutput = async (hub: TestHub, job: Awaited<ReturnType<typeof endedJob>>['job']) => {
  const params = { job, stream: 'output' as const }
  const response = await hub.admin.call('readLog', { params })
  const bytes = Buffer.from(await response.arrayBuffer())
  return { bytes, end: response.headers.get('millwright-log-end') }
}

describe('collection', () => {
  it('removes nothing of young jobs', async () => {
    await using hub = await startTestHub()
    await endedJob(hub)
    const { items } = await gc(hub, false)
    expect(items.map((item) => item.count)).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('removes the log of a job after a month, which is then read from its artifact', async () => {
    await using hub = await startTestHub()
    const { job, bytes } = await endedJob(hub)
    hub.clock.advance(31 * DAY_MS)

    const dry = await gc(hub, true)
    expect(count(dry, 'logs')).toBe(1)
    expect(await readdir(join(hub.folder, 'logs'))).toContain(job)
    const done = await gc(hub, false)
    expect(done).toEqual({ ...dry, dryRun: false })
    expect(await readdir(join(hub.folder, 'logs'))).not.toContain(job)

    expect(await readOutput(hub, job)).toEqual({ bytes, end: 'true' })
  })

  it('removes a job after three months, with its artifacts, and lists it in a dry run before', async () => {
    await using hub = await startTestHub()
    const { job } = await endedJob(hub)
    hub.clock.advance(91 * DAY_MS)

    const dry = await gc(hub, true)
    expect(dry.items).toMatchObject([
      { what: 'jobs', count: 1, bytes: null, why: 'ended more than 90 days ago (keepJobs)' },
      { what: 'tokens', count: 0 },
      { what: 'workers', count: 1 },
      { what: 'uploads', count: 0 },
      { what: 'logs', count: 1, examples: [job] },
      { what: 'artifacts', count: 1 },
    ])
    expect((await hub.admin.call('getJob', { params: { job } })).state).toBe('succeeded')

    expect(await gc(hub, false)).toEqual({ ...dry, dryRun: false })
    await expect(hub.admin.call('getJob', { params: { job } })).rejects.toMatchObject({
      code: 'job-not-found',
    })
    expect((await gc(hub, false)).items.map((item) => item.count)).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('checks every upload, also after many that are needed', async () => {
    await using hub = await startTestHub()
    const digests = Array.from({ length: 451 }, (_, index) => String(index).padStart(64, '0'))
    await Promise.all(
      digests.map((digest) => hub.ledger.storeBlob({ digest, size: 1, uploader: ADA.tokenId })),
    )
    const inputs = digests.slice(0, 450).map((digest) => ({ name: digest, digest }))
    await hub.ledger.submit(aJob({ inputs, submitter: ADA }))
    hub.clock.advance(2 * DAY_MS)

    expect(count(await gc(hub, false), 'uploads')).toBe(1)
  })

  it('removes an upload that no job has named for a day, then its bytes, and lists it in a dry run before', async () => {
    await using hub = await startTestHub()
    const { job } = await hub.ledger.submit(
      aJob({ inputs: [{ name: 'n', digest: await upload(hub, 'named') }], submitter: ADA }),
    )
    const unnamed = await upload(hub, 'unnamed')
    hub.clock.advance(2 * DAY_MS)
    const young = await upload(hub, 'young')

    const dry = await gc(hub, true)
    expect(dry.items.filter((item) => item.count > 0)).toMatchObject([
      {
        what: 'uploads',
        count: 1,
        bytes: null,
        why: 'older than a day, and no job uses them as inputs',
      },
      { what: 'artifacts', count: 1, examples: [unnamed] },
    ])
    expect(await gc(hub, false)).toEqual({ ...dry, dryRun: false })
    expect((await hub.ledger.inputs(job.id)).map(({ name }) => name)).toEqual(['n'])

    await hub.ledger.requestCancel(job.id, 'ada')
    hub.clock.advance(91 * DAY_MS)
    const last = await gc(hub, true)
    expect([count(last, 'uploads'), count(last, 'artifacts')]).toEqual([2, 2])
    expect(await gc(hub, false)).toEqual({ ...last, dryRun: false })
    expect(await hub.ledger.referenced([young], null)).toEqual(new Set())
  })
})
