import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { codexDriver } from '../../src/agents/codex.ts'
import { packSession, unpackSession } from '../../src/turn/session-files.ts'
import type { ScriptStep } from '../../src/gateway/script.ts'
import { environmentHolds, listProcesses } from '../../src/platform/process-table.ts'
import { MARKER } from '../../src/platform/process-tree.ts'
import { aTask, type PlacedTask, runAgent } from '../support/agent-run.ts'
import { PATH, testFolder, testSandbox } from '../support/confined.ts'
import { aFence, aGateway, aScript } from '../support/gateway.ts'
import { codexProgram, describeNeeding } from '../support/needs.ts'

const driverOf = codexDriver({
  path: codexProgram().includes('/') ? `${dirname(codexProgram())}:${PATH}` : PATH,
})
const driver = driverOf({ model: 'scripted-model' })

const shell = (cmd: string): Partial<ScriptStep> => ({
  calls: [{ name: 'exec_command', args: { cmd }, custom: false }],
})

/** A task for Codex with a scripted model; a word of the prompt selects the script. */
async function aScriptedTask(
  parts: Readonly<Record<string, readonly Partial<ScriptStep>[]>>,
  change: Partial<PlacedTask> = {},
): Promise<PlacedTask> {
  const scripts = Object.entries(parts).map(([when, steps]) => ({ when, steps: [...steps] }))
  const gateway = await aGateway({ replay: await aScript({ scripts }) })
  const door = await gateway.open(aFence())
  return await aTask({ door, ...change })
}

describeNeeding(['bubblewrap', 'codex'], 'Codex in the sandbox', () => {
  it('edits its tree and reports what it did', async () => {
    const patch = '*** Begin Patch\n*** Add File: made.txt\n+made\n*** End Patch'
    const task = await aScriptedTask({
      Make: [shell(`apply_patch <<'EOF'\n${patch}\nEOF`), shell('cat made.txt'), { text: 'Made.' }],
    })
    const { end, updates } = await runAgent(
      driver,
      { ...task, prompt: 'Make it.' },
      { launch: testSandbox() },
    )
    expect(end).toMatchObject({ kind: 'done', summary: 'Made.', exitCode: 0 })
    expect(await readFile(join(task.tree, 'made.txt'), 'utf8')).toBe('made\n')
    const results = updates.filter((update) => update.type === 'tool-result')
    expect(results.map(({ output, failed }) => [output, failed])).toEqual([
      [`add ${join(task.tree, 'made.txt')}`, false],
      ['made\n', false],
    ])
  })

  it('continues its session in another home, with only the packed session files', async () => {
    const launch = testSandbox()
    const task = await aScriptedTask({
      First: [shell('echo 1 > one'), { text: 'One.' }],
      Then: [shell('cat one > two'), { text: 'Two.' }],
    })
    const first = await runAgent(driver, { ...task, prompt: 'First one.' }, { launch })
    expect(first.end.session).toEqual(expect.any(String))

    const [archive, home] = [
      join(await testFolder(), 'session.tar'),
      join(await testFolder(), 'home'),
    ]
    expect(await packSession(task.home, driver.sessionFiles, archive)).toBe(true)
    await mkdir(home)
    await unpackSession(archive, home)
    const follow = { ...task, home, prompt: 'Then two.', session: first.end.session }
    const { end } = await runAgent(driver, follow, { launch })
    expect(end).toMatchObject({ kind: 'done', summary: 'Two.', session: first.end.session })
    expect(await readFile(join(task.tree, 'two'), 'utf8')).toBe('1\n')
  })

  it('is stopped with the command it runs, and its session can be continued', async () => {
    const marker = randomUUID()
    const launch = testSandbox({ marker })
    const task = await aScriptedTask({
      Wait: [shell('setsid -f sleep 1000; sleep 1000'), { text: 'Never.' }],
      Then: [{ text: 'Went on.' }],
    })
    const stop = new AbortController()
    const running = runAgent(
      driver,
      { ...task, prompt: 'Wait.' },
      {
        launch,
        signal: stop.signal,
        onUpdate: ({ type }) => type === 'tool-call' && stop.abort(new Error('cancelled')),
      },
    )
    await expect(running).rejects.toThrow('cancelled')
    const carriers = listProcesses().filter(({ pid }) =>
      environmentHolds(pid, `${MARKER}=${marker}`),
    )
    expect(carriers).toEqual([])

    const [name = ''] = (
      await readdir(join(task.home, '.codex/sessions'), { recursive: true })
    ).filter((path) => path.endsWith('.jsonl'))
    const session = /([0-9a-f-]{36})\.jsonl$/.exec(name)?.[1] ?? null
    const { end } = await runAgent(driver, { ...task, prompt: 'Then.', session }, { launch })
    expect(end).toMatchObject({ kind: 'done', summary: 'Went on.' })
  })

  it('cannot be led out of its home by what an earlier turn left there', async () => {
    const task = await aScriptedTask({ Do: [{ text: 'Done.' }] })
    const outside = await testFolder()
    await symlink(outside, join(task.home, '.codex'))
    await runAgent(driver, { ...task, prompt: 'Do it.' }, { launch: testSandbox() })
    expect(await readdir(outside)).toEqual([])
  })

  it('fails by name when the model cannot be reached', async () => {
    const door = { baseUrl: 'http://127.0.0.1:9', token: 'dummy' }
    const anyModel = driverOf({})
    const { end } = await runAgent(anyModel, await aTask({ door }), { launch: testSandbox() })
    expect(end).toMatchObject({ kind: 'failed', reason: 'model-unavailable' })
  })
})
