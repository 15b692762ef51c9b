import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { builtin } from '../../src/agents/builtin.ts'
import { accountsOf, meteredDoor } from '../../src/compose/accounts.ts'
import type { Job } from '../../src/domain/job.ts'
import { PATH } from '../support/confined.ts'
import { aFence, aGateway, aModelServer, aScript, textOf } from '../support/gateway.ts'
import { eventsOf } from '../support/generate.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { kindsWith, remembers } from '../support/remembering-agent.ts'
import { makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  artifactNames,
  loseWorker,
  sh,
  startHubAndWorker,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
  untilSalvaged,
} from '../support/worker.ts'
import { killHard, startWorkerProcess } from '../support/worker-process.ts'

/** Passes when the file `add` says 4, and says what it found. */
const ADDS = {
  name: 'adds',
  run: sh('echo "expected 4, got $(cat add)"; [ "$(cat add)" = 4 ]'),
}

/** Writes its prompts to files whose numbers count its runs, and its variable to the file `variable`. */
const notes = (folder: string) => `echo >> ${folder}/runs; n=$(wc -l < ${folder}/runs)
  cat > ${folder}/prompt-$n; printf %s "$MILLWRIGHT_PROMPT" > ${folder}/variable\n`

const promptOf = (folder: string, run: number): Promise<string> =>
  readFile(join(folder, `prompt-${run}`), 'utf8')

/** Submits a job that continues this one, and waits for its end. */
async function retried(hub: TestHub, id: Job['id'], prompt?: string): Promise<Job> {
  const next = await hub.admin.call('retryJob', { params: { job: id }, body: { prompt } })
  return untilEnded(hub, next.id)
}

/** Waits until the salvaged work is recorded, and then lets the lease of the dead attempt expire. */
async function untilSecondAttempt(hub: TestHub, id: Job['id']): Promise<void> {
  const types = async () => (await eventsOf(hub, id)).map(({ type }) => type)
  await expect.poll(types, { timeout: 15_000 }).toContain('checkpoint')
  const attempt = async (): Promise<number> => {
    const job = await hub.ledger.job(id)
    if (job.attempt === 1) {
      hub.clock.advance(60_001)
      await hub.ledger.expire(10)
    }
    return job.attempt
  }
  await expect.poll(attempt, { timeout: 15_000 }).toBe(2)
}

/** A job whose agent writes 5, and 4 once its prompt says that this is wrong. */
async function aFailedJob(hub: TestHub, folder: string): Promise<Job> {
  const { id } = await submitCommand(hub, folder, {
    run: sh(`${notes(folder)}
      if grep -q "got 5" ${folder}/prompt-$n; then echo 4 > add; else echo 5 > add; fi`),
    payload: { checks: [ADDS], iterations: 1 },
  })
  const failed = await untilEnded(hub, id, 30_000)
  expect(failed).toMatchObject({ state: 'failed', reason: 'check-failed' })
  return failed
}

const writing = (content: string) => [
  { calls: [{ name: 'write', args: { path: 'add', content } }] },
  { text: 'Fixed add.' },
]

/** A worker whose model follows a script; `asked` collects the requests. */
async function startWorkerAsking(hub: TestHub, asked: string[]) {
  const scripts = [
    { when: 'expected 4, got 5', steps: writing('4') },
    { when: 'Fix add', steps: writing('5') },
  ]
  const replay = await aGateway({ replay: await aScript({ scripts }) })
  const { baseUrl, token } = await replay.open(aFence())
  const url = await aModelServer(async (request, response) => {
    const body = await textOf(request)
    asked.push(body)
    const headers = { 'content-type': 'application/json', 'x-api-key': token }
    const answer = await fetch(`${baseUrl}/anthropic${request.url}`, {
      method: 'POST',
      headers,
      body,
    })
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? '',
    })
    response.end(await answer.text())
  })
  const settings = { upstreams: { anthropic: { baseUrl: url, apiKey: 'key' } }, replay: null }
  const gateway = await aGateway(settings)
  const model = 'anthropic/claude-sonnet-4-5'
  const driver = await builtin.driver({ node: process.execPath, path: PATH, model })
  const accounts = accountsOf(settings, { model, machine: 'here' })
  const openDoor = () => meteredDoor(gateway, aFence(), accounts)
  return startTestWorker(hub, { openDoor, drivers: { builtin: driver } })
}

describe('an automatic attempt', () => {
  it('starts from the change of the one before it, and is told how that ended', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(`${notes(folder)}
        if [ $n = 1 ]; then echo half > work; echo "out of ideas"; exit 7; fi
        echo "after $(cat work)" >> work`),
    })

    const job = await untilEnded(test.hub, id, 30_000)

    expect(job).toMatchObject({ reason: 'patch-ready', attempt: 2, failures: 1 })
    expect(await artifact(test.hub, job, 'change.patch')).toContain('+half\n+after half\n')
    const prompt = await promptOf(folder, 2)
    expect(prompt).toMatch(
      /^do it\n[^]*\nAn earlier attempt at this task ended: the agent produced no usable result\. Its changes are in the working tree\./,
    )
    expect(prompt).toContain('\n    the agent exited with code 7: out of ideas\n')
    expect(await readFile(join(folder, 'variable'), 'utf8')).toBe(prompt)
  })

  it('gets the findings that the one before it had to fix', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(`${notes(folder)} case $n in 1) echo 5 > add;; 2) exit 7;; 3) echo 4 > add;; esac`),
      payload: { checks: [ADDS] },
    })

    expect(await untilEnded(test.hub, id, 30_000)).toMatchObject({
      reason: 'patch-ready',
      attempt: 2,
    })
    expect(await promptOf(folder, 3)).toMatch(
      /^do it\n[^]*Its changes are in the working tree[^]*The check "adds" failed: [^]* {4}expected 4, got 5\n/,
    )
  })

  it('starts from what a killed worker left, once its next start has salvaged it', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const data = await tempFolder()
    const { id } = await killedHalfway(hub, { folder, data })
    await using _ = await startTestWorker(hub, { folder: data })
    await untilSecondAttempt(hub, id)

    const job = await untilEnded(hub, id, 30_000)

    expect(job).toMatchObject({ reason: 'patch-ready', attempt: 2 })
    expect(await artifact(hub, job, 'change.patch')).toContain('+half\n+after half\n')
    expect(await promptOf(folder, 2)).toMatch(
      /^do it\n[^]*ended: the worker stopped renewing its lease\. Its changes are in the working tree/,
    )
  })

  it('starts from what a worker kept that was told twice to stop', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    await using first = await startTestWorker(hub)
    const { id } = await submitCommand(hub, folder, {
      run: sh(`${notes(folder)}
        if [ $n = 1 ]; then echo half > work; touch ${folder}/begun; exec sleep 600; fi
        echo "after $(cat work)" >> work`),
    })
    await untilExists(join(folder, 'begun'))
    await first.worker.stop()
    await using _ = await startTestWorker(hub)

    const job = await untilEnded(hub, id, 30_000)

    expect(job).toMatchObject({ reason: 'patch-ready', attempt: 2, failures: 0 })
    expect(await artifact(hub, job, 'change.patch')).toContain('+half\n+after half\n')
    expect(await promptOf(folder, 2)).toContain('the worker returned the job when it shut down.')
  })

  it('continues the salvaged session of an attempt whose lease was lost', async () => {
    const folder = await tempFolder()
    const turns: string[] = []
    const kinds = kindsWith(
      folder,
      remembers(turns, () => turns.length === 1),
    )
    await using test = await startHubAndWorker({ kinds })
    const { hub } = test
    // The wait after the expiry gives the salvage its time.
    const retry = { expiryDelayMs: 3_600_000 }
    const { id } = await submitCommand(hub, folder, { run: ['true'], retry })
    await expect.poll(() => turns.length).toBe(1)
    hub.clock.advance(60_001)
    await hub.ledger.expire(10)
    await expect
      .poll(() => artifactNames(hub, id), { timeout: 15_000 })
      .toContain('salvage.session.tar')
    const types = async () => (await eventsOf(hub, id)).map(({ type }) => type)
    await expect.poll(types, { timeout: 15_000 }).toContain('checkpoint')
    hub.clock.advance(3_600_000)
    await hub.ledger.expire(10)

    expect(await untilEnded(hub, id, 30_000)).toMatchObject({ reason: 'patch-ready', attempt: 2 })
    // A salvaged session may lack the prompt, so the prompt is repeated.
    expect(turns).toEqual(['null : do it, no findings', 's1 x: do it, no findings'])
  })
})

describe('a retry of a failed job', () => {
  it('continues from the work that was salvaged from its last attempt', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, {
      run: sh(`echo >> ${folder}/runs
        case $(wc -l < ${folder}/runs) in
          1) echo 1 > one; exit 1 ;;
          2) echo 2 > two; touch ${folder}/working; sleep 60 ;;
          *) cat one two > three ;;
        esac`),
      retry: { maxFailures: 2, delayMs: 0 },
    })
    await untilExists(join(folder, 'working'))
    await loseWorker(hub)
    await untilSalvaged(hub, id)
    const lost = await untilEnded(hub, id)
    expect(lost).toMatchObject({ state: 'failed', attempt: 2 })
    expect(await artifact(hub, { id, attempt: 1 }, 'change.patch')).toContain('b/one')

    const next = await retried(hub, id)

    expect(next).toMatchObject({ reason: 'patch-ready' })
    expect(await artifact(hub, next, 'change.patch')).toMatch(/b\/three\n[^]*\+1\n\+2\n/)
  })

  it('gets the findings, and starts from the change', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const failed = await aFailedJob(test.hub, folder)

    expect(await retried(test.hub, failed.id)).toMatchObject({ reason: 'patch-ready' })
    expect(await promptOf(folder, 2)).toMatch(
      /^do it\n[^]*\nThis continues an earlier job, “do it”, which ended: a check did not pass\. Its changes are in the working tree\.\n[^]*check "adds" failed:\n {4}expected 4, got 5\n/,
    )
  })

  it('begins with the prompt of the person, then says what the earlier job did', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const failed = await aFailedJob(test.hub, folder)

    expect(await retried(test.hub, failed.id, 'Add two and two')).toMatchObject({
      reason: 'patch-ready',
    })
    expect(await promptOf(folder, 2)).toMatch(
      /^Add two and two\n[^]*an earlier job, “do it”, which ended: a check did not pass[^]*expected 4, got 5\n/,
    )
  })
})

describe('a retry of a job that died with its worker', () => {
  it('starts from what was salvaged', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const data = await tempFolder()
    const { id } = await killedHalfway(hub, { folder, data, maxFailures: 1 })
    await loseWorker(hub)
    await using _ = await startTestWorker(hub, { folder: data })
    await untilSalvaged(hub, id)

    const job = await retried(hub, id)

    expect(job).toMatchObject({ reason: 'patch-ready', attempt: 1 })
    expect(await artifact(hub, job, 'change.patch')).toContain('+half\n+after half\n')
    expect(await promptOf(folder, 2)).toContain('Its changes are in the working tree.')
  })
})

describe('a retry with the built-in agent', () => {
  it('sends the model its earlier conversation and the findings', async () => {
    await using hub = await startTestHub()
    const asked: string[] = []
    await using _ = await startWorkerAsking(hub, asked)
    const { remote } = await makeRemote(await tempFolder())
    const payload = {
      repository: remote,
      prompt: 'Fix add',
      agent: { name: 'builtin' },
      checks: [ADDS],
      iterations: 1,
    }
    const { id } = await hub.admin.call('submitJob', { body: { kind: 'code', payload } })
    expect(await untilEnded(hub, id, 30_000)).toMatchObject({ reason: 'check-failed' })
    const before = asked.length
    expect(asked.join('')).not.toContain('expected 4, got 5')

    expect(await retried(hub, id)).toMatchObject({ reason: 'patch-ready' })

    const next = asked[before] ?? ''
    expect(next).toContain('Fixed add.')
    expect(next).toMatch(/which ended: a check did not pass[^]*expected 4, got 5/)
  })
})

/** Submits a job, and kills its worker when the agent has written half of its work. */
async function killedHalfway(
  hub: TestHub,
  { folder, data, maxFailures = 3 }: { folder: string; data: string; maxFailures?: number },
): Promise<Pick<Job, 'id'>> {
  const worker = await startWorkerProcess(hub, data)
  const { id } = await submitCommand(hub, folder, {
    run: sh(`${notes(folder)}
      if [ $n = 1 ]; then echo half > work; touch ${folder}/begun; exec sleep 600; fi
      echo "after $(cat work)" >> work`),
    retry: { maxFailures },
  })
  await untilExists(join(folder, 'begun'))
  await expect
    .poll(async () => (await eventsOf(hub, id)).map(({ type }) => type))
    .toContain('agent-started')
  await killHard(worker)
  return { id }
}
