// What a restarted worker tells the hub about the attempts of its earlier run.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FileArtifact, WorkKind } from '../../src/domain/attempt.ts'
import { AppError } from '../../src/domain/errors.ts'
import { PROBLEM_TYPE, toProblem } from '../../src/protocol/problem.ts'
import { attemptName, makeAttemptFolder } from '../../src/worker/attempt-folder.ts'
import { recover } from '../../src/worker/recover.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aClaim, aJob } from '../support/jobs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { artifactNames } from '../support/worker.ts'
import { workerContext } from '../support/worker-context.ts'

const kindThatSalvages = (
  salvage: (signal: AbortSignal) => Promise<readonly FileArtifact[]>,
): ReadonlyMap<string, WorkKind> =>
  new Map([
    [
      'code',
      {
        run: () => Promise.reject(new Error('nothing to run')),
        salvage: async (_left, signal) => ({ files: await salvage(signal), checkpoint: null }),
        remove: async () => {},
        tidy: async () => 0,
      },
    ],
  ])

/** An attempt that the worker with this data folder claimed in an earlier run. */
async function anEarlierAttempt(hub: TestHub, data: string) {
  const { identity } = await workerContext(data, hub)
  await hub.admin.call('submitJob', { body: aJob() })
  const lease = await hub.worker.call('claimLease', { body: aClaim({ worker: identity }) })
  const fence = { jobId: lease!.job.id, attempt: 1 }
  await makeAttemptFolder(data, { ...fence, kind: 'code' })
  return { ...fence, name: attemptName(fence) }
}

const never = new AbortController().signal

describe('a restarted worker', () => {
  it('uploads the work of its earlier attempt, then ends the attempt', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const { jobId, name } = await anEarlierAttempt(hub, data)
    const file = join(await tempFolder(), 'change.patch')
    await writeFile(file, 'diff')
    const states: string[] = []
    const kinds = kindThatSalvages(async () => {
      states.push((await hub.ledger.job(jobId)).state)
      return [{ name: 'change.patch', mediaType: 'text/x-patch', file }]
    })

    await recover([name], await workerContext(data, hub, { kinds }), never)

    expect(states).toEqual(['running'])
    expect(await artifactNames(hub, jobId)).toEqual(['salvage.change.patch'])
    expect(await hub.ledger.job(jobId)).toMatchObject({
      state: 'queued',
      reason: 'worker-lost',
      detail: 'Worker tester was restarted during attempt 1.',
    })
  })

  it('ends the attempt when the upload takes long, and goes on with the upload', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const { jobId, name } = await anEarlierAttempt(hub, data)
    const file = join(await tempFolder(), 'change.patch')
    await writeFile(file, 'diff')
    const gate = Promise.withResolvers<readonly FileArtifact[]>()
    const kinds = kindThatSalvages(() => gate.promise)
    const clock = { ...systemClock, sleep: async () => {} }

    const recovered = recover([name], await workerContext(data, hub, { kinds, clock }), never)

    await expect.poll(async () => (await hub.ledger.job(jobId)).state).toBe('queued')
    gate.resolve([{ name: 'change.patch', mediaType: 'text/x-patch', file }])
    await recovered
    expect(await artifactNames(hub, jobId)).toEqual(['salvage.change.patch'])
  })

  it('ends the attempt of a folder in which nothing was written yet, and removes the folder', async () => {
    await using hub = await startTestHub()
    const data = await tempFolder()
    const { identity } = await workerContext(data, hub)
    await hub.admin.call('submitJob', { body: aJob() })
    const lease = await hub.worker.call('claimLease', { body: aClaim({ worker: identity }) })
    const name = attemptName({ jobId: lease!.job.id, attempt: 1 })
    await mkdir(join(data, 'attempts', name), { recursive: true })

    await recover([name], await workerContext(data, hub), never)

    expect(await hub.ledger.job(lease!.job.id)).toMatchObject({ state: 'queued' })
    expect(await readdir(join(data, 'attempts'))).toEqual([])
  })

  it('leaves the attempt to its lease when the hub is too old to end it', async () => {
    const data = await tempFolder()
    await using hub = await startTestHub()
    const { name } = await anEarlierAttempt(hub, data)
    const context = await workerContext(data, await aHubWithoutTheRoute())

    await recover([name], context, never)

    expect(await readdir(join(data, 'attempts'))).toEqual([])
  })
})

async function aHubWithoutTheRoute() {
  const problem = toProblem(new AppError('route-unknown', 'There is no such route.'))
  const server = createServer((_request, response) =>
    response.writeHead(404, { 'content-type': PROBLEM_TYPE }).end(JSON.stringify(problem)),
  )
  onTestFinished(() => server.close().closeAllConnections())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, workerToken: 'any' }
}
