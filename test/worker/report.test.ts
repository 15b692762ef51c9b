import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Settlement } from '../../src/domain/outcome.ts'
import { ReportSpool } from '../../src/worker/report-spool.ts'
import { startTestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'
import { describeNeeding } from '../support/needs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifactNames,
  sh,
  startBehindGate,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilJob,
} from '../support/worker.ts'

/** What every report of a leased job says. */
const reportOf = ({
  lease,
  params,
}: Pick<Awaited<ReturnType<typeof aLease>>, 'lease' | 'params'>) => ({
  jobId: params.job,
  attempt: params.attempt,
  token: lease.token,
  usage: null,
  artifacts: [],
})

const settling = (settlement: Settlement) => ({ kind: 'settle' as const, settlement })

describe('a final report in the spool', () => {
  it('that the hub refuses is dropped, and does not keep the worker from working', async () => {
    await using hub = await startTestHub()
    const { lease, params } = await aLease(hub)
    const data = await tempFolder()
    // Nobody cancelled the job: the hub never takes this.
    const settlement = { kind: 'cancelled', reason: 'cancelled-by-request', detail: '' } as const
    await new ReportSpool(data).write({ ...reportOf({ lease, params }), end: settling(settlement) })

    await using again = await startTestWorker(hub, { folder: data })

    await expect.poll(() => readdir(join(data, 'reports'))).toEqual([])
    hub.clock.advance(lease.leaseMs + 1)
    await hub.ledger.expire(10)
    // Leased again by the same worker: the repository of the job does not exist.
    expect(await untilEnded(hub, params.job)).toMatchObject({ state: 'failed', attempt: 2 })
    await expect.poll(() => again.worker.running).toBe(0)
  })

  it('is told without artifacts that the hub will never take and that cannot be read', async () => {
    await using hub = await startTestHub()
    const { lease, params } = await aLease(hub)
    const data = await tempFolder()
    const file = join(data, 'file')
    await writeFile(file, 'bytes')
    const settlement = { kind: 'failed', reason: 'agent-failed', detail: 'told late' } as const
    await new ReportSpool(data).write({
      ...reportOf({ lease, params }),
      end: settling(settlement),
      artifacts: [
        { name: '-no-name', mediaType: 'text/plain', file },
        { name: 'folder', mediaType: 'text/plain', file: data },
        { name: 'name', mediaType: 'text/plain', file },
      ],
    })

    await using again = await startTestWorker(hub, { folder: data })

    await untilJob(hub, params.job, { reason: 'agent-failed', failures: 1 })
    expect(await artifactNames(hub, params.job)).toContain('name')
    await expect.poll(() => again.worker.running).toBe(0)
  })

  it('that a killed worker had half written is gone after its next start', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const reports = join(data, 'reports')
    await mkdir(reports)
    await writeFile(join(reports, '.half.tmp'), '{"jobId":')

    await using _ = await startTestWorker(hub, { folder: data })

    await expect.poll(() => readdir(reports)).toEqual([])
  })
})

describeNeeding(['patience'], 'an attempt that is taken away while its end is told', () => {
  it('is refused by the hub, handed in as salvage, and the worker goes on', async () => {
    await using test = await startBehindGate({ leaseMs: 4000 })
    const { hub, gate, worker } = test
    const folder = await tempFolder()
    const upload = gate.hold(/PUT .*\/artifacts\/report\.json/, 'request')
    const { id } = await submitCommand(hub, folder, { run: sh('echo x > file') })
    await upload.here
    const renewal = gate.hold(/POST .*\/renew$/, 'request')
    await renewal.here
    hub.clock.advance(4001)
    await hub.ledger.expire(10)
    const refused = gate.hold(/POST .*\/renew$/, 'answer')
    renewal.release()
    await refused.here
    refused.release()
    // The worker has time to hear of it.
    for (let look = 0; look < 5; look += 1) await untilJob(hub, id, { state: 'queued' })

    upload.release()

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(await artifactNames(hub, id)).toContain('salvage.change.patch')
    await expect.poll(() => worker.running).toBe(0)
  })
})
