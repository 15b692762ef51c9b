import { expect, it } from 'vitest'
import { builtin } from '../../src/agents/builtin.ts'
import { accountsOf, meteredDoor } from '../../src/compose/accounts.ts'
import type { Job } from '../../src/domain/job.ts'
import { PATH } from '../support/confined.ts'
import { aFence, aGateway } from '../support/gateway.ts'
import type { TestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { makeRemote } from '../support/repository.ts'
import { aScriptedModel } from '../support/scripted-model.ts'
import { type GitServer, serveGit } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startHubAndWorker, submitCommand, untilEnded, untilJob } from '../support/worker.ts'

/** A git server with one repository; it is closed by `await using`. */
async function aHost(): Promise<AsyncDisposable & { server: GitServer; repository: string }> {
  const folder = await tempFolder()
  await makeRemote(folder)
  const server = await serveGit(folder)
  return {
    server,
    repository: `${server.url}/remote.git`,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** Moves the hub's clock to the next try of what is closed. */
async function untilNextTry(hub: TestHub): Promise<void> {
  hub.clock.advance(120_000)
  await hub.ledger.expire(10)
}

const eventsOf = async (hub: TestHub, id: Job['id']): Promise<readonly string[]> =>
  (await hub.admin.call('listEvents', { params: { job: id } })).events.map(({ type }) => type)

describeNeeding(['patience'], 'a git host that is away', () => {
  it('costs its jobs nothing: one tries, the others wait, and all succeed when it is back', async () => {
    await using host = await aHost()
    host.server.manner = 'die'
    await using test = await startHubAndWorker()
    const { hub } = test
    const payload = { repository: host.repository }
    const first = await submitCommand(hub, '', { run: ['true'], payload })
    const waiting = await untilJob(hub, first.id, { state: 'queued', attempt: 1 })
    expect(waiting).toMatchObject({ reason: 'repository-unreachable', failures: 0, deferrals: 1 })
    expect(waiting.notBefore).toBeGreaterThan(hub.clock.now())
    const second = await submitCommand(hub, '', { run: ['true'], payload })
    const asked = host.server.requests.length

    await untilNextTry(hub)
    // The job that was deferred least often tries.
    await untilJob(hub, second.id, { state: 'queued', attempt: 1 })
    expect(host.server.requests.length).toBe(asked + 1)
    expect(await hub.admin.call('getJob', { params: { job: first.id } })).toMatchObject({
      state: 'queued',
      attempt: 1,
    })

    host.server.manner = 'serve'
    await untilNextTry(hub)
    expect(await untilEnded(hub, first.id)).toMatchObject({ state: 'succeeded', failures: 0 })
    expect(await eventsOf(hub, first.id)).toContain('reached')
    expect(await untilEnded(hub, second.id)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(await hub.ledger.closed()).toEqual([])
  })

  it('during the push is tried again with the finished work', async () => {
    await using host = await aHost()
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, '', {
      run: ['sh', '-c', `echo x > made; curl -s ${host.server.url}/off || true`],
      payload: { repository: host.repository, publish: { mode: 'branch', branch: 'work' } },
    })
    // The agent's own request tells that the workspace is there.
    await expect.poll(() => host.server.requests.some((one) => one.includes('/off'))).toBe(true)
    host.server.manner = 'die'
    await untilJob(hub, id, { state: 'queued', reason: 'repository-unreachable' })
    host.server.manner = 'serve'
    await untilNextTry(hub)
    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'published', failures: 0 })
    const types = await eventsOf(hub, id)
    expect(types.filter((type) => type === 'agent-started')).toHaveLength(1)
  })

  it('whose name does not resolve, and was never reached, is tried once', async () => {
    await using test = await startHubAndWorker()
    const { id } = await submitCommand(test.hub, '', {
      run: ['true'],
      payload: { repository: 'http://nowhere.invalid/app.git' },
    })
    expect(await untilEnded(test.hub, id)).toMatchObject({ reason: 'host-not-found', attempt: 1 })
  })
})

const WRITE = (path: string) => ({ calls: [{ name: 'write', args: { path, content: 'x' } }] })
const SCRIPT = {
  scripts: [
    { when: 'You were interrupted', steps: [WRITE('two'), { text: 'Both are there.' }] },
    { when: 'Write two files', steps: [WRITE('one'), WRITE('two'), { text: 'At once.' }] },
  ],
}

/** A scripted model that answers every request after the first `answers` ones with `model.status`. */
async function aModel(answers: number, status: number) {
  const model = { status: status as number | null, left: answers, refused: 0 }
  const url = await aScriptedModel(SCRIPT, (response) => {
    model.left -= 1
    if (model.status === null || model.left >= 0) return false
    model.refused += 1
    response.writeHead(model.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ type: 'error', error: { type: 'x', message: 'not now' } }))
    return true
  })
  return { url, model }
}

/** A hub, and a worker whose built-in agent asks this model. */
async function startHubAndAgent(url: string): Promise<AsyncDisposable & { hub: TestHub }> {
  const settings = { upstreams: { anthropic: { baseUrl: url, apiKey: 'key' } }, replay: null }
  const gateway = await aGateway(settings)
  const model = 'anthropic/claude-sonnet-4-5'
  const accounts = accountsOf(settings, { model, machine: 'here' })
  const driver = await builtin.driver({ node: process.execPath, path: PATH, model })
  return startHubAndWorker({
    openDoor: () => meteredDoor(gateway, aFence(), accounts),
    drivers: { builtin: driver },
    accounts: Object.values(accounts).map(({ key }) => key),
  })
}

async function submitTo(hub: TestHub): Promise<Job> {
  const { remote } = await makeRemote(await tempFolder())
  const payload = { repository: remote, prompt: 'Write two files', agent: { name: 'builtin' } }
  return hub.admin.call('submitJob', { body: { kind: 'code', payload } })
}

describeNeeding(['patience'], 'a model that is away', () => {
  it('keeps the work and the session of its job, which goes on in them when it is back', async () => {
    const { url, model } = await aModel(1, 503)
    await using test = await startHubAndAgent(url)
    const { hub } = test
    const { id } = await submitTo(hub)
    const waiting = await untilJob(hub, id, { state: 'queued', attempt: 1 })
    expect(waiting).toMatchObject({ reason: 'model-unavailable', failures: 0, deferrals: 1 })
    const other = await submitTo(hub)
    expect(await hub.ledger.closed()).toMatchObject([
      { covers: ['model:anthropic', 'model:default'] },
    ])

    model.status = null
    await untilNextTry(hub)
    expect(await untilEnded(hub, id)).toMatchObject({
      state: 'succeeded',
      summary: 'Both are there.',
      failures: 0,
    })
    expect(await untilEnded(hub, other.id)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(await eventsOf(hub, other.id)).toContain('reached')
  })

  it('for one request is cured by the quick retry of the agent', async () => {
    const { url, model } = await aModel(0, 503)
    await using test = await startHubAndAgent(url)
    const { hub } = test
    const { id } = await submitTo(hub)
    await expect.poll(() => model.refused).toBe(1)
    model.status = null
    expect(await untilEnded(hub, id)).toMatchObject({ attempt: 1, summary: 'At once.' })
  })

  it.each([
    [400, 'model-refused'],
    [401, 'agent-login'],
    [404, 'model-refused'],
  ])('not at all, but answers %i, is asked by one attempt: %s', async (status, reason) => {
    const { url, model } = await aModel(0, status)
    await using test = await startHubAndAgent(url)
    const { hub } = test
    const { id } = await submitTo(hub)
    expect(await untilEnded(hub, id)).toMatchObject({ state: 'failed', reason, attempt: 1 })
    expect(model.refused).toBe(1)
  })
})
