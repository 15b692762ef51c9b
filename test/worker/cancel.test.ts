import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/domain/job.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import type { TestHub } from '../support/hub.ts'
import { runningFor } from '../support/processes.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  artifactNames,
  sh,
  startBehindGate,
  startHubAndWorker,
  submitCommand,
  untilEnded,
  untilExists,
  untilSalvaged,
} from '../support/worker.ts'
import { describeNeeding } from '../support/needs.ts'

const cancel = (hub: TestHub, { id }: { readonly id: Job['id'] }): Promise<Job> =>
  hub.admin.call('cancelJob', { params: { job: id } })

/** An agent that changes the tree, says so with a file, and waits until it is stopped. */
const waiting = (folder: string) =>
  sh(`echo more >> README.md; touch ${join(folder, 'begun')}; exec sleep 600`)

describe('a cancelled job', () => {
  it('is over within 5 s although a child of its agent ignores signals, and keeps its patch', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const folder = await tempFolder()
    const begun = join(folder, 'begun')
    const { id } = await submitCommand(hub, folder, {
      run: fakeAgent(
        { do: 'ignore-signals' },
        { do: 'write', path: 'half.txt', text: 'half\n' },
        { do: 'start-daemon' },
        { do: 'write', path: begun, text: '' },
        { do: 'hang' },
      ),
    })
    await untilExists(begun)
    expect(runningFor({ id, attempt: 1 }).length).toBeGreaterThanOrEqual(2)

    const cancelledAt = performance.now()
    await cancel(hub, { id })
    const job = await untilEnded(hub, id)

    expect(performance.now() - cancelledAt).toBeLessThan(5000)
    expect(job).toMatchObject({ state: 'cancelled', reason: 'cancelled-by-request', attempt: 1 })
    expect(runningFor(job)).toEqual([])
    expect(await artifact(hub, job, 'change.patch')).toContain('+half\n')
  })

  it('is over at once when it is cancelled before its agent runs', async () => {
    await using test = await startBehindGate()
    const { hub, gate } = test
    const claim = gate.hold(/POST \/api\/v1\/leases$/, 'answer')
    const { id } = await submitCommand(hub, await tempFolder(), { run: ['true'] })
    await claim.here
    await cancel(hub, { id })
    claim.release()

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'cancelled' })
  })
})

describeNeeding(['patience'], 'a cancel that meets', () => {
  it('the settlement comes too late: the job has succeeded, and says so', async () => {
    await using test = await startBehindGate()
    const { hub, gate } = test
    const settling = gate.hold(/POST .*\/settle$/, 'request')
    const { id } = await submitCommand(hub, await tempFolder(), { run: sh('echo x > file') })
    await settling.here

    await cancel(hub, { id })
    settling.release()

    const job = await untilEnded(hub, id)
    expect(job).toMatchObject({ state: 'succeeded', reason: 'cancelled-too-late' })
    expect(await artifactNames(hub, id)).toContain('change.patch')
  })

  it('the end of the lease ends the job; the worker that did not hear of it stops by itself', async () => {
    await using test = await startBehindGate({ leaseMs: 2000 })
    const { hub, gate } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))
    const renewals = gate.hold(/POST .*\/renew$/, 'request')
    await renewals.here

    await cancel(hub, { id })
    hub.clock.advance(2001)
    await hub.ledger.expire(10)

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'cancelled', attempt: 1 })
    await expect.poll(() => test.worker.running, { timeout: 5000 }).toBe(0)
    expect(runningFor({ id, attempt: 1 })).toEqual([])
    await untilSalvaged(hub, id)
    renewals.release()
  })

  it('a renewal on its way is heard in its answer', async () => {
    await using test = await startBehindGate()
    const { hub, gate } = test
    const renewal = gate.hold(/POST .*\/renew$/, 'request')
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))
    await renewal.here

    await cancel(hub, { id })
    renewal.release()

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'cancelled', attempt: 1 })
  })

  it('a renewal whose answer is lost is heard by the next one', async () => {
    await using test = await startBehindGate({ leaseMs: 10_000 })
    const { hub, gate } = test
    const renewal = gate.hold(/POST .*\/renew$/, 'answer')
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, { run: waiting(folder) })
    await untilExists(join(folder, 'begun'))

    await cancel(hub, { id })
    await renewal.here
    renewal.drop()

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'cancelled', attempt: 1 })
  })

  it('the intent to publish first prevents it', async () => {
    await using test = await startBehindGate()
    const { hub, gate } = test
    const { remote } = await makeRemote(await tempFolder())
    const intent = gate.hold(/POST .*\/publication$/, 'request')
    const { id } = await submitCommand(hub, '', {
      run: sh('echo x > file'),
      payload: { repository: remote, publish: { mode: 'branch' } },
    })
    await intent.here

    await cancel(hub, { id })
    intent.release()

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'cancelled', publication: null })
    expect(await byHand(remote, 'branch', '--list')).toBe('* main')
    expect(await artifactNames(hub, id)).toContain('change.patch')
  })

  it('a recorded intent lets the publication finish: the job has succeeded, and says so', async () => {
    await using test = await startBehindGate({ leaseMs: 5000 })
    const { hub, gate } = test
    const { remote } = await makeRemote(await tempFolder())
    const intent = gate.hold(/POST .*\/publication$/, 'answer')
    const { id } = await submitCommand(hub, '', {
      run: sh('echo x > file'),
      payload: { repository: remote, publish: { mode: 'branch', branch: 'work' } },
    })
    await intent.here

    const renewal = gate.hold(/POST .*\/renew$/, 'answer')
    await cancel(hub, { id })
    await renewal.here
    const next = gate.hold(/POST .*\/renew$/, 'request')
    renewal.release()
    // The worker renews again: it has heard of the cancel while its intent was under way.
    await next.here
    next.release()
    intent.release()

    const job = await untilEnded(hub, id)
    expect(job).toMatchObject({
      state: 'succeeded',
      reason: 'cancelled-too-late',
      publication: { kind: 'branch', details: { branch: 'work' } },
    })
    expect(await byHand(remote, 'show', 'work:file')).toBe('x')
  })
})
