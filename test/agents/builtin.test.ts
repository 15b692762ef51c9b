import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { builtinDriver } from '../../src/agents/builtin.ts'
import type { AgentUpdate } from '../../src/domain/agent.ts'
import { locateProgram } from '../../src/platform/locate-program.ts'
import { silentLog } from '../../src/platform/log.ts'
import { bubblewrap } from '../../src/sandbox/bubblewrap.ts'
import { aTask, type PlacedTask, runAgent } from '../support/agent-run.ts'
import { PATH } from '../support/confined.ts'
import { aFence, aGateway, aScript } from '../support/gateway.ts'
import { describeNeeding } from '../support/needs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const DEMO = fileURLToPath(new URL('../../examples/demo', import.meta.url))
const PROMPT = 'The tests of this library fail. Find the bug and fix it.'
const FOLLOW_UP = 'Say in the README how parts add up.'

const driverOf = await builtinDriver({
  node: process.execPath,
  path: PATH,
  model: 'anthropic/claude-sonnet-4-5',
})
const TEST = ['node', '--test'] as const
const driver = driverOf({}, { test: null, steps: 10 })
const demoDriver = driverOf({}, { test: TEST, steps: 50 })

describeNeeding(['patience'], 'the built-in agent', () => {
  it.each(['anthropic/claude-sonnet-4-5', 'openai/gpt-5', 'chat/house'])(
    'fixes the demo as the script of %s leads it, and goes on in the same session',
    async (model) => {
      const gateway = await aGateway({ replay: join(DEMO, 'model.json') })
      const door = await gateway.open(aFence())
      const scriptedDriver = driverOf({ model }, { test: TEST, steps: 50 })
      const task = await aDemoTask({ door })
      expect(await testsPass(task.tree)).toBe(false)

      const first = await runAgent(scriptedDriver, task)
      expect(first.end).toMatchObject({
        kind: 'done',
        summary: expect.stringContaining('all four tests pass'),
        exitCode: 0,
      })
      expect(await testsPass(task.tree)).toBe(true)
      expect(results(first.updates)).toEqual([
        ['list', false],
        ['run_tests', false],
        ['read', false],
        ['edit', false],
        ['edit', false],
        ['run_tests', false],
      ])
      expect(outputs(first.updates)[1]).toMatch(/exit code 1[\s\S]*fail 1/)
      expect(outputs(first.updates)[5]).toMatch(/exit code 0[\s\S]*fail 0/)

      // Another home, as on another machine, with only the session's files.
      const home = await tempFolder()
      const [kept = ''] = scriptedDriver.sessionFiles
      await cp(join(task.home, kept), join(home, kept), { recursive: true })
      const { session } = first.end
      const second = await runAgent(scriptedDriver, { ...task, home, session, prompt: FOLLOW_UP })
      expect(second.end).toMatchObject({ kind: 'done', session })
      expect(await readFile(join(task.tree, 'README.md'), 'utf8')).toContain('sum of its parts')
      expect(await gateway.close(door.token)).toMatchObject({ requests: 9, replayed: true })
    },
  )

  it('streams its messages, thoughts, tool calls and usage', async () => {
    const gateway = await aGateway({ replay: join(DEMO, 'model.json') })
    const task = await aDemoTask({ door: await gateway.open(aFence()) })
    const { updates } = await runAgent(demoDriver, task)
    expect(updates.map(({ type }) => type).slice(0, 6)).toEqual([
      'session',
      'message',
      'tool-call',
      'tool-result',
      'usage',
      'message',
    ])
    expect(updates).toContainEqual({ type: 'usage', inputTokens: 900, outputTokens: 40 })
    expect(updates).toContainEqual({
      type: 'thought',
      text: expect.stringContaining('only the first part is ever seen'),
    })
    expect(updates.filter(({ type }) => type === 'warning')).toEqual([])
    const edits = updates.flatMap((update) =>
      update.type === 'tool-call' ? (update.edits ?? []) : [],
    )
    expect(edits).toContainEqual({
      path: 'src/duration.js',
      old: expect.stringContaining('PART'),
      new: expect.stringContaining('parts'),
    })
  })

  it('ends with step-limit when its steps are used up, and can continue later', async () => {
    const gateway = await aGateway({ replay: join(DEMO, 'model.json') })
    const task = await aDemoTask({ door: await gateway.open(aFence()) })
    const { end } = await runAgent(driverOf({}, { test: TEST, steps: 2 }), task)
    expect(end).toMatchObject({ kind: 'failed', reason: 'step-limit' })
    const { session } = end
    const more = await runAgent(driverOf({}, { test: TEST, steps: 9 }), {
      ...task,
      session,
      prompt: FOLLOW_UP,
    })
    expect(more.end).toMatchObject({ kind: 'done', session })
  })

  it('stops while a command runs that ignores signals, and keeps its session', async () => {
    const replay = await aScript({
      scripts: [
        {
          when: 'wait',
          steps: [
            { calls: [{ name: 'bash', args: { command: 'echo one' } }] },
            { calls: [{ name: 'bash', args: { command: 'trap "" INT TERM; sleep 1000' } }] },
          ],
        },
        { when: 'go on', steps: [{ text: 'Gone on.' }] },
      ],
    })
    const gateway = await aGateway({ replay })
    const task = await aDemoTask({ door: await gateway.open(aFence()), prompt: 'wait' })
    const cancel = new AbortController()
    const updates: AgentUpdate[] = []
    const onUpdate = (update: AgentUpdate) => {
      updates.push(update)
      const calls = updates.filter(({ type }) => type === 'tool-call').length
      if (calls === 2) cancel.abort(new Error('enough'))
    }
    await expect(runAgent(demoDriver, task, { signal: cancel.signal, onUpdate })).rejects.toThrow(
      'enough',
    )

    const session = updates.find((update) => update.type === 'session')?.session ?? ''
    const [folder = ''] = demoDriver.sessionFiles
    const kept = await readFile(join(task.home, folder, `${session}.json`), 'utf8')
    expect(kept).toContain('echo one')
    const more = await runAgent(demoDriver, { ...task, session, prompt: 'go on' })
    expect(more.end).toMatchObject({ kind: 'done', summary: 'Gone on.' })
  })

  it('receives the failures of its tools and continues', async () => {
    const replay = await aScript({
      scripts: [
        {
          steps: [
            call('read', { path: '/etc/hostname' }),
            call('read', { path: 'out/hostname' }),
            call('write', { path: '../escaped.txt', content: 'x' }),
            call('write', { path: 'dangling', content: 'x' }),
            call('edit', { path: 'twice.txt', old: 'a', new: 'b' }),
            call('edit', { path: 'twice.txt', old: 'nothing', new: 'b' }),
            call('read', { path: 7 }),
            call('nonsense', {}),
            call('bash', { command: 'sleep 100', seconds: 1 }),
            call('search', { pattern: 'throw new TypeError' }),
            call('bash', { command: 'head -c 1000000 /dev/zero | tr "\\\\0" x' }),
            { text: 'Still here.' },
          ],
        },
      ],
    })
    const gateway = await aGateway({ replay })
    const task = await aDemoTask({ door: await gateway.open(aFence()) })
    await symlink('/etc', join(task.tree, 'out'))
    await symlink('/nowhere/at-all', join(task.tree, 'dangling'))
    await writeFile(join(task.tree, 'twice.txt'), 'a\na\n')
    const { end, updates } = await runAgent(demoDriver, task)
    expect(end).toMatchObject({ kind: 'done', summary: 'Still here.' })
    const told = outputs(updates)
    expect(told.slice(0, 4).join('\n')).toMatch(
      /hostname is outside[^]*out\/hostname is outside[^]*escaped.txt is outside[^]*dangling is a broken symbolic link/,
    )
    expect(told[4]).toContain('occurs 2 times')
    expect(told[5]).toContain('does not occur in twice.txt')
    expect(told[8]).toContain('timed out after 1 s')
    expect(told[9]).toContain('src/duration.js:')
    expect(told[10]).toMatch(/bytes omitted/)
    expect(told[10]!.length).toBeLessThan(70_000)
  })
})

describeNeeding(['patience'], 'without a model the built-in agent', () => {
  it('names the setting when the worker has none', async () => {
    const { end } = await runAgent(driver, await aTask())
    expect(end).toMatchObject({
      kind: 'failed',
      reason: 'agent-login',
      detail: expect.stringContaining('--replay'),
    })
  })

  it('names the setting when the worker has none of this provider', async () => {
    const gateway = await aGateway({})
    const door = await gateway.open(aFence())
    const { end } = await runAgent(driver, await aTask({ door }))
    expect(end).toMatchObject({
      kind: 'failed',
      reason: 'agent-login',
      detail: expect.stringContaining('--upstream-anthropic'),
    })
  })

  it('fails with agent-login when its door is closed', async () => {
    const gateway = await aGateway({ replay: join(DEMO, 'model.json') })
    const door = await gateway.open(aFence())
    await gateway.close(door.token)
    const { end } = await runAgent(driver, await aTask({ door }))
    expect(end).toMatchObject({ kind: 'failed', reason: 'agent-login' })
  })

  it('fails as model-unavailable when the model cannot be used', async () => {
    const replay = await aScript({ scripts: [{ steps: [{ text: 'Well', cut: 'middle' }] }] })
    const gateway = await aGateway({ replay })
    const door = await gateway.open(aFence())
    const { end } = await runAgent(driver, await aTask({ door }))
    expect(end).toMatchObject({ kind: 'failed', reason: 'model-unavailable' })
  })

  it('reports the valid forms of a model name', async () => {
    const gateway = await aGateway({})
    const door = await gateway.open(aFence())
    const { end } = await runAgent(
      driverOf({ model: 'sonnet' }, { test: null, steps: 10 }),
      await aTask({ door }),
    )
    expect(end).toMatchObject({
      kind: 'failed',
      detail: 'the model name "sonnet" must start with "anthropic/", "openai/" or "chat/"',
    })
  })
})

describeNeeding(['bubblewrap'], 'the built-in agent in a sandbox', () => {
  it('works although the folder of the program is hidden from other programs', async () => {
    const gateway = await aGateway({ replay: join(DEMO, 'model.json') })
    const task = await aDemoTask({ door: await gateway.open(aFence()) })
    const launch = bubblewrap({
      bwrap: locateProgram('bwrap', PATH) ?? '',
      marker: randomUUID(),
      hidden: [fileURLToPath(new URL('../..', import.meta.url))],
      readable: [],
      log: silentLog,
    })
    const { end, updates } = await runAgent(demoDriver, task, { launch })
    expect(end).toMatchObject({ kind: 'done' })
    expect(outputs(updates)[5]).toMatch(/exit code 0[\s\S]*fail 0/)
    expect(await testsPass(task.tree)).toBe(true)
  })
})

const call = (name: string, args: Record<string, string | number>) => ({ calls: [{ name, args }] })

/** The demo's project in a new tree, and its task. */
async function aDemoTask(change: Partial<PlacedTask>): Promise<PlacedTask> {
  const task = await aTask({ prompt: PROMPT, ...change })
  await cp(join(DEMO, 'project'), task.tree, { recursive: true })
  return task
}

/** Tools in the order they were called, and whether they failed. */
function results(updates: readonly AgentUpdate[]) {
  return updates.flatMap((update) => {
    if (update.type !== 'tool-result') return []
    const begun = updates.find((other) => other.type === 'tool-call' && other.id === update.id)
    return [[begun?.type === 'tool-call' ? begun.tool : '', update.failed]]
  })
}

const outputs = (updates: readonly AgentUpdate[]): string[] =>
  updates.flatMap((update) => (update.type === 'tool-result' ? [update.output] : []))

async function testsPass(tree: string): Promise<boolean> {
  // Otherwise Node's test runner would report to the runner of this file.
  const env = { PATH: process.env['PATH'] ?? '' }
  return await promisify(execFile)(process.execPath, ['--test'], { cwd: tree, env }).then(
    () => true,
    () => false,
  )
}
