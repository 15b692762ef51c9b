import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandDriver } from '../../src/agents/command.ts'
import { silentLog } from '../../src/platform/log.ts'
import { environmentHolds, listProcesses } from '../../src/platform/process-table.ts'
import { MARKER } from '../../src/platform/process-tree.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import { aTask, runAgent, said } from '../support/agent-run.ts'
import { PATH } from '../support/confined.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import { describeNeeding } from '../support/needs.ts'

const driverOf = commandDriver({ path: PATH })

const carriers = (marker: string) =>
  listProcesses().filter(({ pid }) => environmentHolds(pid, `${MARKER}=${marker}`))

describe('a command agent', () => {
  it('gets the prompt on stdin and in its environment', async () => {
    const prompt = 'Fix it.\nAnd ünï.'
    for (const from of ['stdin', 'environment'] as const) {
      const run = fakeAgent({ do: 'repeat-prompt', from })
      const { updates } = await runAgent(driverOf({ run }), await aTask({ prompt }))
      expect(said(updates, 'stdout')).toBe(prompt)
    }
  })

  it.each([
    ['too long for an environment', 'x'.repeat(200_000)],
    ['with a character no environment can hold', 'a\0--bind\0/\0/'],
  ])('gets a prompt %s on stdin only', async (_title, prompt) => {
    const run = fakeAgent(
      { do: 'repeat-prompt', from: 'environment' },
      { do: 'repeat-prompt', from: 'stdin' },
    )
    const { updates } = await runAgent(driverOf({ run }), await aTask({ prompt }))
    expect(said(updates, 'stdout') === prompt).toBe(true)
  })

  it('works in its tree, with nothing of the worker’s environment but the PATH', async () => {
    const run = fakeAgent(
      { do: 'write', path: 'made.txt', text: 'made' },
      { do: 'tell-environment' },
    )
    const door = { baseUrl: 'http://127.0.0.1:1', token: 'dummy' }
    const task = await aTask({ door })
    const { updates } = await runAgent(driverOf({ run }), task)
    expect(readFileSync(join(task.tree, 'made.txt'), 'utf8')).toBe('made')
    const variables = said(updates, 'stdout').trim().split('\n')
    expect(variables).toContain(`HOME=${task.home}`)
    expect(variables.map((line) => line.replace(/=.*/, '')).toSorted()).toEqual([
      'HOME',
      'LANG',
      'MILLWRIGHT_ATTEMPT',
      'MILLWRIGHT_LAUNCH',
      'MILLWRIGHT_MODEL_TOKEN',
      'MILLWRIGHT_MODEL_URL',
      'MILLWRIGHT_PROMPT',
      'PATH',
      'TERM',
    ])
  })

  it('has its output separated by stream, its end as summary, and its exit code reported', async () => {
    const run = fakeAgent(
      { do: 'say', text: 'Nothing to do.' },
      { do: 'complain', text: 'Hm.' },
      { do: 'exit', code: 5 },
    )
    const { end, updates } = await runAgent(driverOf({ run }), await aTask())
    expect(end).toEqual({ kind: 'done', summary: 'Nothing to do.', session: null, exitCode: 5 })
    expect([said(updates, 'stdout'), said(updates, 'stderr')]).toEqual([
      'Nothing to do.\n',
      'Hm.\n',
    ])
  })

  it('that is killed by a signal has the exit code of a shell', async () => {
    const run = fakeAgent({ do: 'crash', signal: 'SIGKILL' })
    expect((await runAgent(driverOf({ run }), await aTask())).end).toMatchObject({ exitCode: 137 })
  })

  it('may print anything: invalid UTF-8, a line without a newline, much on both streams', async () => {
    const bytes = 5_000_000
    const run = fakeAgent(
      { do: 'bad-json' },
      { do: 'huge-line', bytes },
      { do: 'spam', bytes, stream: 'stderr' },
    )
    const { updates } = await runAgent(driverOf({ run }), await aTask())
    expect(said(updates, 'stdout').length).toBeGreaterThan(bytes)
    expect(said(updates, 'stderr')).toHaveLength(bytes)
  })

  it('that is missing is reported by name, with the PATH', async () => {
    const driver = driverOf({ run: ['no-such-agent'] })
    await expect(runAgent(driver, await aTask())).rejects.toMatchObject({
      reason: 'agent-not-installed',
      detail: expect.stringContaining(`cannot start no-such-agent: not found; PATH is ${PATH}`),
    })
  })
})

describeNeeding(['linux'], 'a command agent that is stopped', () => {
  it('has ended with all it started when the run throws the reason of the stop', async () => {
    const marker = randomUUID()
    const run = fakeAgent(
      { do: 'ignore-signals' },
      { do: 'start-daemon' },
      { do: 'say', text: 'up' },
      { do: 'hang' },
    )
    const stop = new AbortController()
    const reason = new Error('enough')
    const running = runAgent(driverOf({ run }), await aTask(), {
      launch: unconfined({ marker, log: silentLog }),
      signal: stop.signal,
      onUpdate: () => stop.abort(reason),
    })
    await expect(running).rejects.toBe(reason)
    expect(carriers(marker)).toEqual([])
  })

  it('before its start never starts', async () => {
    const task = await aTask()
    const run = fakeAgent({ do: 'write', path: 'x', text: 'x' })
    const signal = AbortSignal.abort(new Error('too early'))
    await expect(runAgent(driverOf({ run }), task, { signal })).rejects.toThrow('too early')
  })

  it('has also ended when its listener fails', async () => {
    const marker = randomUUID()
    const run = fakeAgent({ do: 'say', text: 'up' }, { do: 'hang' })
    const running = runAgent(driverOf({ run }), await aTask(), {
      launch: unconfined({ marker, log: silentLog }),
      onUpdate: () => {
        throw new Error('the lease is lost')
      },
    })
    await expect(running).rejects.toThrow('the lease is lost')
    expect(carriers(marker)).toEqual([])
  })
})
