import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ReportSpool } from '../../src/worker/report-spool.ts'
import { startTestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  sh,
  startBehindGate,
  startTestWorker,
  submitCommand,
  untilEnded,
} from '../support/worker.ts'

describe('a final report in the spool', () => {
  it('that the hub refuses is dropped, and does not keep the worker from working', async () => {
    await using hub = await startTestHub()
    const { lease, params } = await aLease(hub)
    const data = await tempFolder()
    await new ReportSpool(data).write({
      jobId: params.job,
      attempt: params.attempt,
      token: lease.token,
      // Nobody cancelled the job: the hub never takes this.
      end: {
        kind: 'settle',
        settlement: { kind: 'cancelled', reason: 'cancelled-by-request', detail: '' },
      },
      usage: null,
      artifacts: [],
    })

    await using again = await startTestWorker(hub, { folder: data })

    await expect.poll(() => readdir(join(data, 'reports'))).toEqual([])
    hub.clock.advance(lease.leaseMs + 1)
    await hub.ledger.expire(10)
    // Leased again by the same worker: the repository of the job does not exist.
    expect(await untilEnded(hub, params.job)).toMatchObject({ state: 'failed', attempt: 2 })
    await expect.poll(() => again.worker.running).toBe(0)
  })
})

describe('a final report on its way', () => {
  it('for which the lease is lost leaves the worker at work, which takes the job again', async () => {
    await using behind = await startBehindGate({ leaseMs: 2000 })
    const { hub, gate, worker } = behind
    const upload = gate.hold(/PUT .*report\.json$/, 'request')
    const { id } = await submitCommand(hub, await tempFolder(), { run: sh('echo x > file') })
    await upload.here

    hub.clock.advance(2001)
    await hub.ledger.expire(10)
    const job = () => hub.admin.call('getJob', { params: { job: id } })
    await expect.poll(async () => (await job()).attempt, { timeout: 10_000 }).toBe(2)
    upload.release()

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', attempt: 2 })
    await expect.poll(() => worker.running).toBe(0)
    await expect.poll(() => readdir(join(behind.folder, 'reports'))).toEqual([])
    await expect.poll(() => readdir(join(behind.folder, 'attempts'))).toEqual([])
  })
})
