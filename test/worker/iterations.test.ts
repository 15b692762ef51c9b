import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AgentDriver } from '../../src/domain/agent.ts'
import { eventsOf } from '../support/generate.ts'
import { startTestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { kindsWith, remembers } from '../support/remembering-agent.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { adds, never, runs, turnsIn, wants } from '../support/turns.ts'
import {
  artifact,
  sh,
  startHubAndWorker,
  loseWorker,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
  untilJob,
} from '../support/worker.ts'
import { killHard, startWorkerProcess } from '../support/worker-process.ts'

describe('a job whose work fails a check', () => {
  it('goes back to its agent with what the check found, and is published once it passes', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const { id } = await submitCommand(hub, folder, {
      run: sh(adds(folder)),
      payload: { repository: remote, checks: [wants(3)], publish: { mode: 'branch', branch: 'w' } },
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({ reason: 'published', attempt: 1, failures: 0 })
    expect(await byHand(remote, 'show', 'w:README.md')).toBe('hello\nmore\nmore')
    const events = await eventsOf(hub, job.id)
    expect(turnsIn(events)).toEqual(['agent', 'check 1 failed', 'agent', 'check 2 passed'])
    const [failed, passed] = events.filter((event) => event.type === 'check-finished')
    expect(failed).toMatchObject({ findings: 'expected: 3, got: 2\n\nlong enough: exit code 1' })
    expect(passed).toMatchObject({ tree: await byHand(remote, 'rev-parse', 'w^{tree}') })
    expect(passed).not.toHaveProperty('findings')
    const transcript = (await artifact(hub, job, 'transcript.jsonl')).trim().split('\n')
    const prompts = transcript.map((line): unknown => JSON.parse(line))
    // What it is told first is the job's own prompt.
    expect(prompts).toMatchObject([{ type: 'prompt' }])
    // A command remembers nothing, so it is told the task again.
    expect(prompts[0]).toMatchObject({
      text: expect.stringMatching(
        /^do it\n[^]*"long enough" failed: [^]* {4}expected: 3, got: 2\n/,
      ),
    })
  })

  it('fails after three turns of the agent, and is not tried again', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(adds(folder)),
      payload: { checks: [never] },
    })
    const job = await untilEnded(test.hub, id)
    expect(job).toMatchObject({ state: 'failed', reason: 'check-failed', step: null, attempt: 1 })
    expect(job.detail).toBe(
      'The work did not pass its checks after 3 turns of the agent.\n\ncheck "never" failed:\nError: no\n\nnever: exit code 1',
    )
    expect(await runs(folder)).toBe(3)
    expect(await artifact(test.hub, job, 'change.patch')).toContain('+more\n+more\n+more\n')
    expect(await artifact(test.hub, job, 'turn-1.change.patch')).not.toContain('+more\n+more\n')
  })

  it('gets one turn alone when it asks for one', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(adds(folder)),
      payload: { checks: [never], iterations: 1 },
    })
    expect(await untilEnded(test.hub, id)).toMatchObject({
      reason: 'check-failed',
      detail: expect.stringMatching(/^check "never" failed:/),
    })
    expect(await runs(folder)).toBe(1)
  })

  it('fails once a turn changes nothing, however many are left', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(`echo ran >> ${folder}/runs; echo same > file`),
      payload: { checks: [never], iterations: 20 },
    })
    expect(await untilEnded(test.hub, id)).toMatchObject({
      reason: 'check-failed',
      attempt: 1,
      detail: expect.stringMatching(/changed nothing\.\n\ncheck "never" failed:\nError: no/),
    })
    expect(await runs(folder)).toBe(2)
  })

  it('is checked like any other when the agent takes all of its changes back', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const submit = (name: string, script: string) =>
      submitCommand(test.hub, join(folder, name), {
        run: sh('if [ -e file ]; then rm file; else echo x > file; fi'),
        payload: { checks: [{ name, run: sh(script) }], iterations: 2 },
      })
    const [passes, fails] = [
      await submit('absent', 'echo looked; [ ! -e file ]'),
      await submit('never', 'echo Error: no; exit 1'),
    ]

    const passed = await untilEnded(test.hub, passes.id)
    expect(passed).toMatchObject({ state: 'succeeded', reason: 'no-change', attempt: 1 })
    const turns = ['agent', 'check 1 failed', 'agent', 'check 2 passed']
    expect(turnsIn(await eventsOf(test.hub, passes.id))).toEqual(turns)
    const failed = await untilEnded(test.hub, fails.id)
    expect(failed).toMatchObject({ state: 'failed', reason: 'check-failed', attempt: 1 })
    expect(failed.detail).toBe(
      'The work has no changes after 2 turns of the agent, and it does not pass its checks.\n\n' +
        'check "never" failed:\nError: no\n\nnever: exit code 1',
    )
    expect(await artifact(test.hub, failed, 'turn-1.change.patch')).toContain('+x')
  })

  it('is judged by its checks in later turns, too, whatever the agent’s exit code', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(`${adds(folder)}; exit 7`),
      payload: { checks: [wants(3)] },
    })
    const job = await untilEnded(test.hub, id)
    expect(job).toMatchObject({ reason: 'patch-ready', attempt: 1 })
    const notes = (await eventsOf(test.hub, job.id)).filter(({ type }) => type === 'note')
    expect(notes).toMatchObject([{ code: 'agent-failed' }, { code: 'agent-failed' }])
  })

  it('is given to the agent as that had left it, whatever the check has done to it', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const spoils =
      'grep -q more file && exit; mkdir -p coverage; date > coverage/out; rm README.md; ' +
      'mkdir -p ../elsewhere; rm -rf src; ln -s ../elsewhere src; exit 1'
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(
        'ls >> file; grep -q out file && echo more >> file; mkdir -p src/out; touch src/out/a',
      ),
      payload: { checks: [{ name: 'spoils', run: sh(spoils) }] },
    })
    const job = await untilEnded(test.hub, id)
    expect(job).toMatchObject({ reason: 'check-failed' })
    const patch = await artifact(test.hub, job, 'change.patch')
    expect(patch).toContain('+README.md\n+file\n+README.md\n+file\n+src\n')
    expect(patch).toContain('src/out/a')
    expect(patch).not.toContain('coverage')
    expect(patch).not.toContain('deleted file')
  })
})

/** Notes that it ran, works, and hangs in the run of this number. */
const hangsIn = (run: number, folder: string) =>
  sh(`${adds(folder)}
    if [ $(wc -l < ${folder}/runs) = ${run} ]; then touch ${folder}/begun; sleep 600; fi`)

describeNeeding(
  ['patience'],
  'an attempt after one that ended in a later turn of its agent',
  () => {
    it.each([
      // The interrupted turn continues with its changes.
      { how: 'stopped', from: 'the interrupted turn', turn: 2, repeated: 0, lines: 4 },
      // Nobody has salvaged what the interrupted turn had changed.
      { how: 'killed', from: 'the last finished turn', turn: 3, repeated: 1, lines: 3 },
    ])(
      'begins with $from where the worker is $how, and gives no turn more',
      async ({ how, turn, repeated, lines }) => {
        await using hub = await startTestHub()
        const folder = await tempFolder()
        const { remote } = await makeRemote(folder)
        await using workers = new AsyncDisposableStack()
        const first =
          how === 'killed'
            ? await startWorkerProcess(hub, await tempFolder())
            : workers.use(await startTestWorker(hub, { drainMs: 0 }))
        const { id } = await submitCommand(hub, folder, {
          run: hangsIn(turn, folder),
          payload: { repository: remote, checks: [never] },
        })
        await untilExists(join(folder, 'begun'))
        // The hub has heard of the turn before its worker dies.
        await expect
          .poll(async () => turnsIn(await eventsOf(hub, id)).filter((what) => what === 'agent'))
          .toHaveLength(turn)
        if ('worker' in first) await first.worker.drain()
        else {
          await killHard(first)
          await loseWorker(hub)
        }

        const { worker } = workers.use(await startTestWorker(hub))
        const job = await untilEnded(hub, id)

        expect(job).toMatchObject({ reason: 'check-failed', attempt: 2 })
        const turns = [
          'agent',
          'check 1 failed',
          'agent',
          'check 2 failed',
          'agent',
          'check 3 failed',
        ]
        const before = 2 * (turn - 1)
        expect(turnsIn(await eventsOf(hub, job.id))).toEqual([
          ...turns.slice(0, before),
          'agent',
          ...turns.slice(before - repeated),
        ])
        const patch = await artifact(hub, job, 'change.patch')
        expect(patch.match(/^\+more$/gm)).toHaveLength(lines)
        await expect.poll(() => worker.running).toBe(0)
      },
    )
  },
)

const NO_USAGE = {
  requests: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  models: [],
  replayed: false,
}

describeNeeding(['patience'], 'an agent that remembers', () => {
  it('hears of failed checks in its session, also in an attempt after one that was stopped', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const turns: string[] = []
    const kinds = kindsWith(
      folder,
      remembers(turns, () => turns.length === 2),
    )
    await using first = await startTestWorker(hub, { kinds, drainMs: 0 })
    const { id } = await submitCommand(hub, folder, {
      run: ['true'],
      payload: { checks: [{ name: 'xxx', run: sh('grep -q xxx work') }] },
    })
    await expect.poll(() => turns.length).toBe(2)
    await first.worker.drain()
    await using second = await startTestWorker(hub, { kinds })

    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'patch-ready', attempt: 2 })
    // The session and the work of the interrupted turn are there, and what that turn had to fix.
    expect(turns).toEqual([
      'null : do it, no findings',
      's1 x: Your changes did not pass every check, The check "xxx" failed',
      's1 xx: You were interrupted: the worker returned the job when it shut down, The check "xxx" failed',
    ])
    await expect.poll(() => second.worker.running).toBe(0)
  })

  it('leaves no files of earlier turns on the worker’s disk', async () => {
    const folder = await tempFolder()
    const left: string[] = []
    const driver = remembers([], () => false)
    const looks: AgentDriver = {
      ...driver,
      run: async (task, place, io, signal) => {
        const names = await readdir(dirname(place.home))
        left.push(...names.filter((name) => /^(?:change|session)-/.test(name)))
        return await driver.run(task, place, io, signal)
      },
    }
    await using test = await startHubAndWorker({ kinds: kindsWith(folder, looks) })
    const { id } = await submitCommand(test.hub, folder, {
      run: ['true'],
      payload: { checks: [never] },
    })
    const job = await untilEnded(test.hub, id)
    expect(job.detail).toMatch(/3 turns of the agent/)
    expect(left).toEqual([])
    for (const name of [
      'turn-1.change.patch',
      'turn-2.session.tar',
      'change.patch',
      'session.tar',
    ]) {
      expect(await artifact(test.hub, job, name)).not.toBe('')
    }
  })

  it('is told the findings again after a quota’s pause in which its session was lost', async () => {
    const folder = await tempFolder()
    const prompts: string[] = []
    let until: number | null = null
    const closed = { key: 'model:here', covers: ['model:default'] }
    const forgetful: AgentDriver = {
      name: 'command',
      sessionFiles: [],
      run: async ({ prompt }, { tree }) => {
        prompts.push(prompt)
        if (prompts.length === 1) await writeFile(join(tree, 'work'), 'x')
        until = prompts.length === 2 ? Date.now() + 3_600_000 : null
        return until === null
          ? { kind: 'done', summary: '', session: null, exitCode: 0 }
          : { kind: 'failed', reason: 'quota-exhausted', detail: 'used up', session: null }
      },
    }
    await using test = await startHubAndWorker({
      kinds: kindsWith(folder, forgetful),
      openDoor: async () => ({
        door: { baseUrl: 'http://127.0.0.1:1', token: 'none' },
        usage: async () => NO_USAGE,
        answered: async () => [],
        refusal: async () => (until === null ? null : { kind: 'quota', until, closed }),
        close: async () => NO_USAGE,
      }),
    })
    const { id } = await submitCommand(test.hub, folder, {
      run: ['true'],
      payload: { checks: [never] },
    })
    await untilJob(test.hub, id, { state: 'paused' })
    await test.hub.admin.call('resumeJob', { params: { job: id } })

    const job = await untilEnded(test.hub, id)

    expect(prompts).toHaveLength(3)
    expect(prompts[1]).toMatch(
      /^do it\n[^]*did not pass every check[^]*"never" failed: [^]*Error: no/,
    )
    expect(prompts[2]).toMatch(
      /^do it\n[^]*ended: the model’s quota is used up\. Its changes are in the working tree[^]*The check "never" failed: [^]*Error: no/,
    )
    // The turn is the same one, and so is what it had to fix.
    expect(job).toMatchObject({ reason: 'check-failed', attempt: 2 })
    expect(job.detail).toMatch(/^The agent [^]* changed nothing\./)
  })
})
