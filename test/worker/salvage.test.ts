import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { WorkKind } from '../../src/domain/attempt.ts'
import { StepFailed, Stopped } from '../../src/domain/stop.ts'
import { silentLog } from '../../src/platform/log.ts'
import { makeAttemptFolder, attemptName } from '../../src/worker/attempt-folder.ts'
import { ReportSpool } from '../../src/worker/report-spool.ts'
import { salvage } from '../../src/worker/salvage.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { unprivileged } from '../support/unprivileged.ts'
import { artifactNames, startTestWorker, submitCommand, untilEnded } from '../support/worker.ts'
import { workerContext } from '../support/worker-context.ts'
import { startWorkerProcess } from '../support/worker-process.ts'
import { describeNeeding } from '../support/needs.ts'

const NO_WORK = { files: [], checkpoint: null }

/** A kind that no job is run with. */
const leftWith = (salvaging: WorkKind['salvage']): WorkKind => ({
  run: () => Promise.reject(new Error('nothing to run')),
  salvage: salvaging,
  remove: async () => {},
  tidy: async () => 0,
})

/** The folder of an attempt that died on this worker; its output is all that it wrote. */
async function aLeftFolder(hub: TestHub, data: string) {
  const { lease, params } = await aLease(hub)
  const fence = { jobId: params.job, attempt: params.attempt }
  const folder = await makeAttemptFolder(data, { ...fence, kind: 'code' })
  await writeFile(join(folder, 'log', 'output'), 'said\n')
  return { lease, fence, folder, name: attemptName(fence) }
}

const timedOut = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
const diskFull = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })

describeNeeding(['patience'], 'salvage', () => {
  it.each([
    ['takes too long', timedOut, 'error'],
    ['needs room that the disk does not have', diskFull, 'error'],
    ['meets a bug', new TypeError('undefined is not a function'), 'error'],
    ['finds a workspace that is none', new StepFailed('workspace-failed', 'replaced'), 'warn'],
  ] as const)('that %s is told and goes on without the work', async (_name, error, level) => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const told: unknown[] = []
    const kinds = new Map([['code', leftWith(() => Promise.reject(error))]])
    const log = { ...silentLog, [level]: (fields: object) => void told.push(fields) }
    const context = await workerContext(data, hub, { kinds, log })
    const { fence, name } = await aLeftFolder(hub, data)

    await salvage(name, context, new AbortController().signal)

    expect(told).toEqual([{ attempt: name, error }])
    expect(await artifactNames(hub, fence.jobId)).toEqual(['salvage.agent-output.log'])
  })

  it('brings what can be read when the agent put a folder in place of a file', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const kinds = new Map([['code', leftWith(async () => NO_WORK)]])
    const { fence, folder, name } = await aLeftFolder(hub, data)
    await mkdir(join(folder, 'log', 'transcript'))

    await salvage(name, await workerContext(data, hub, { kinds }), new AbortController().signal)

    expect(await artifactNames(hub, fence.jobId)).toEqual(['salvage.agent-output.log'])
  })

  it('that the worker’s own end breaks off leaves the folder for its next start', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const ending = new AbortController()
    const brokenOff = leftWith(async (_left, signal) => {
      ending.abort(new Stopped({ kind: 'drained' }))
      signal.throwIfAborted()
      return NO_WORK
    })
    const context = await workerContext(data, hub, { kinds: new Map([['code', brokenOff]]) })
    const { name } = await aLeftFolder(hub, data)

    await expect(salvage(name, context, ending.signal)).rejects.toThrow(
      'the worker is shutting down',
    )

    expect(await readdir(join(data, 'attempts', name))).toContain('attempt.json')
  })

  it('tells of a folder that cannot be removed, and the worker goes on', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const error = new Error('it resists')
    const told: unknown[] = []
    const stubborn = { ...leftWith(async () => NO_WORK), remove: () => Promise.reject(error) }
    const log = { ...silentLog, error: (fields: object) => void told.push(fields) }
    const { name, folder } = await aLeftFolder(hub, data)
    const kinds = new Map([['code', stubborn]])

    await using again = await startTestWorker(hub, { folder: data, kinds, log })

    await expect.poll(() => told).toEqual([{ folder, error }])
    expect(await readdir(join(data, 'attempts'))).toEqual([name])
    await again.worker.stop()
  })
})

/** A folder that says no more whose it is, with one in it that the agent had shut. */
async function halfRemoved(folder: string): Promise<void> {
  const shut = join(folder, 'tree', 'shut')
  await mkdir(shut, { recursive: true })
  await writeFile(join(shut, 'file'), 'x', { mode: 0o400 })
  await mkdir(join(shut, 'none'), { mode: 0 })
  await chmod(shut, 0o500)
}

describeNeeding(['patience'], 'a folder that its worker was killed while removing', () => {
  it('is removed at the next start, which goes on to work', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    await halfRemoved(join(data, 'attempts', '01a1fd0d-53a9-7c55-ae42-fde0589599d0-1'))

    await startWorkerProcess(hub, data, { prefix: unprivileged() })

    await expect.poll(() => readdir(join(data, 'attempts'))).toEqual([])
    const { id } = await submitCommand(hub, await tempFolder(), { run: ['true'] })
    expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded' })
  })

  it('is removed, too, when its report was still to be told', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const { lease, params } = await aLease(hub)
    const fence = { jobId: params.job, attempt: params.attempt }
    await halfRemoved(join(data, 'attempts', attemptName(fence)))
    await new ReportSpool(data).write({
      ...fence,
      token: lease.token,
      end: {
        kind: 'settle',
        settlement: { kind: 'failed', reason: 'agent-failed', detail: '' },
      },
      usage: null,
      artifacts: [],
    })

    await startWorkerProcess(hub, data, { prefix: unprivileged() })

    await expect.poll(() => readdir(join(data, 'attempts'))).toEqual([])
    await expect.poll(() => readdir(join(data, 'reports'))).toEqual([])
  })
})
