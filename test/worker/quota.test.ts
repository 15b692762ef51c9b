import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { builtin } from '../../src/agents/builtin.ts'
import { accountsOf, meteredDoor } from '../../src/compose/accounts.ts'
import type { Job } from '../../src/domain/job.ts'
import { PATH } from '../support/confined.ts'
import { aFence, aGateway } from '../support/gateway.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { aScriptedModel } from '../support/scripted-model.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startTestWorker, untilEnded, untilJob } from '../support/worker.ts'

const HOUR_S = 3600

/** First it writes one file, after an interruption another. */
const SCRIPT = {
  scripts: [
    {
      when: 'You were interrupted',
      steps: [
        { calls: [{ name: 'write', args: { path: 'two', content: '2\n' } }] },
        { text: 'Both are there.' },
      ],
    },
    {
      when: 'did not pass every check',
      steps: [{ calls: [{ name: 'write', args: { path: 'half', content: '\n' } }] }],
    },
    {
      when: 'Write two files',
      steps: [{ calls: [{ name: 'write', args: { path: 'one', content: '1\n' } }] }],
    },
  ],
}

/** A scripted model whose plan is used up after `answers` answers, until `quota.left` is raised. */
async function aModelWithQuota(answers: number) {
  const quota = { left: answers, refused: 0 }
  const url = await aScriptedModel(SCRIPT, (response) => {
    if ((quota.left -= 1) >= 0) return false
    quota.refused += 1
    refuse(response)
    return true
  })
  return { url, quota }
}

function refuse(response: ServerResponse): void {
  const error = { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: HOUR_S }
  response.writeHead(429, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error }))
}

/** A worker whose built-in agent asks this model. */
async function startWorkerFor(hub: TestHub, url: string) {
  const settings = { upstreams: { anthropic: { baseUrl: url, apiKey: 'key' } }, replay: null }
  const gateway = await aGateway(settings)
  const model = 'anthropic/claude-sonnet-4-5'
  const accounts = accountsOf(settings, { model, machine: 'here' })
  const openDoor = () => meteredDoor(gateway, aFence(), accounts)
  const driver = await builtin.driver({ node: process.execPath, path: PATH, model })
  return startTestWorker(hub, { openDoor, drivers: { builtin: driver } })
}

async function submit(hub: TestHub, repository: string, more: object = {}): Promise<Job> {
  const payload = {
    ...more,
    repository,
    prompt: 'Write two files',
    agent: { name: 'builtin' },
    publish: { mode: 'branch', branch: 'work' },
  }
  return hub.admin.call('submitJob', { body: { kind: 'code', payload } })
}

/** The turn and the result of each check. */
async function checksOf(hub: TestHub, id: Job['id']) {
  const { events } = await hub.admin.call('listEvents', { params: { job: id } })
  return events.flatMap((event) =>
    event.type === 'check-finished' ? [[event.iteration, event.passed]] : [],
  )
}

describeNeeding(['patience'], 'a job whose model’s quota is used up', () => {
  it('rests until the quota resets, then goes on in its session, on another worker', async () => {
    await using hub = await startTestHub()
    const { remote } = await makeRemote(await tempFolder())
    const { url, quota } = await aModelWithQuota(1)
    const first = await startWorkerFor(hub, url)
    const { id } = await submit(hub, remote)

    const paused = await untilJob(hub, id, { state: 'paused' })
    const inAnHour = hub.clock.now() + HOUR_S * 1000
    expect(paused).toMatchObject({ reason: 'quota-exhausted', attempt: 1, failures: 0 })
    expect(Math.abs((paused.resumeAt ?? 0) - inAnHour)).toBeLessThan(60_000)
    await expect.poll(() => first.worker.running).toBe(0)
    await first[Symbol.asyncDispose]()

    quota.left = 99
    await using second = await startWorkerFor(hub, url)
    expect(await hub.ledger.resumeDue(10)).toBe(0)
    hub.clock.advance(HOUR_S * 1000)
    await hub.restart()
    expect(await hub.ledger.resumeDue(10)).toBe(1)
    expect(await hub.ledger.resumeDue(10)).toBe(0)

    expect(await untilEnded(hub, id)).toMatchObject({
      reason: 'published',
      attempt: 2,
      failures: 0,
      summary: 'Both are there.',
    })
    expect(await byHand(remote, 'ls-tree', '--name-only', 'work')).toBe('README.md\none\ntwo')
    await expect.poll(() => second.worker.running).toBe(0)
  })

  it('goes on in the turn in which it rested, and counts it once', async () => {
    await using hub = await startTestHub()
    const { remote } = await makeRemote(await tempFolder())
    // Two answers for the first turn, and one for the second.
    const { url, quota } = await aModelWithQuota(3)
    await using worker = await startWorkerFor(hub, url)
    const checks = [{ name: 'third', run: ['test', '-e', 'three'] }]
    const { id } = await submit(hub, remote, { checks, iterations: 2 })
    await untilJob(hub, id, { state: 'paused', attempt: 1 })
    expect(await checksOf(hub, id)).toEqual([[1, false]])

    quota.left = 99
    await hub.admin.call('resumeJob', { params: { job: id } })

    // After it the checks are not asked a third time.
    expect(await untilEnded(hub, id)).toMatchObject({
      reason: 'check-failed',
      attempt: 2,
      detail: expect.stringContaining('2 turns'),
    })
    expect(await checksOf(hub, id)).toEqual([
      [1, false],
      [2, false],
    ])
    const { artifacts } = await hub.admin.call('listArtifacts', { params: { job: id } })
    const names = artifacts.map(({ attempt, name }) => `${attempt} ${name}`)
    expect(names).toEqual(expect.arrayContaining(['1 turn-1.session.tar', '2 session.tar']))
    await expect.poll(() => worker.worker.running).toBe(0)
  })

  it('rests again when it is used up again, and a person may resume it before', async () => {
    await using hub = await startTestHub()
    const { remote } = await makeRemote(await tempFolder())
    const { url, quota } = await aModelWithQuota(0)
    await using worker = await startWorkerFor(hub, url)
    const { id } = await submit(hub, remote)
    await untilJob(hub, id, { state: 'paused', attempt: 1 })

    await hub.admin.call('resumeJob', { params: { job: id } })
    await untilJob(hub, id, { state: 'paused', attempt: 2 })
    expect(quota.refused).toBeGreaterThanOrEqual(2)

    await hub.admin.call('cancelJob', { params: { job: id } })
    await untilJob(hub, id, { state: 'cancelled' })
    hub.clock.advance(2 * HOUR_S * 1000)
    expect(await hub.ledger.resumeDue(10)).toBe(0)
    await expect.poll(() => worker.worker.running).toBe(0)
  })
})
