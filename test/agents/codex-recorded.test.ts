import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { codexDriver } from '../../src/agents/codex.ts'
import { aTask, type PlacedTask, runAgent } from '../support/agent-run.ts'
import { PATH, testFolder } from '../support/confined.ts'

const DOOR = { baseUrl: 'http://127.0.0.1:7400', token: 'dummy-of-the-attempt' }

const recording = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/codex/${name}.jsonl`, import.meta.url))

/** A program named codex that prints a file and records how it was called. */
async function aCodex(said: { readonly file: string } | { readonly text: string }, end = 'exit 0') {
  const folder = await testFolder()
  await mkdir(join(folder, 'bin'))
  if ('file' in said) await copyFile(said.file, join(folder, 'said'))
  else await writeFile(join(folder, 'said'), said.text)
  const script = `#!/bin/sh
printf '%s\\n' "$@" > ${folder}/arguments
env > ${folder}/environment
cat > ${folder}/stdin
cat ${folder}/said
${end}
`
  await writeFile(join(folder, 'bin', 'codex'), script, { mode: 0o755 })
  const heard = async (name: string) => (await readFile(join(folder, name), 'utf8')).trim()
  const driverOf = codexDriver({ path: `${join(folder, 'bin')}:${PATH}` })
  return { driver: driverOf({ model: 'gpt-x' }), heard }
}

const aCodexTask = async (change: Partial<PlacedTask> = {}): Promise<PlacedTask> =>
  await aTask({ door: DOOR, ...change })

describe('the codex driver', () => {
  it('gives the prompt on stdin, the token in the environment, and neither on the command line', async () => {
    const { driver, heard } = await aCodex({ file: recording('work') })
    const task = await aCodexTask({ prompt: 'Fix it.\n- all of it' })
    await runAgent(driver, task)
    expect(await heard('stdin')).toBe(task.prompt)
    expect(await heard('environment')).toContain(`MILLWRIGHT_MODEL_TOKEN=${DOOR.token}`)
    const line = await heard('arguments')
    expect(line).not.toContain(DOOR.token)
    expect(line).not.toContain('Fix it')
    expect(line.split('\n')).toEqual(
      expect.arrayContaining(['--model', 'gpt-x', '--cd', task.tree]),
    )
    expect(line).toContain('base_url="http://127.0.0.1:7400/openai/v1"')
    expect(line).toMatch(/\n-$/)
  })

  it('returns the session and the last message of a successful turn', async () => {
    const { driver } = await aCodex({ file: recording('work') })
    const { end, updates } = await runAgent(driver, await aCodexTask())
    const session = '01a1fbb6-9532-7a11-a5c6-a7af5a83cf61'
    expect(end).toEqual({ kind: 'done', summary: 'Done first.', session, exitCode: 0 })
    expect(updates).toContainEqual({ type: 'usage', inputTokens: 10, outputTokens: 5 })
  })

  it('continues a session, and ignores a usage that includes the earlier turns', async () => {
    const { driver, heard } = await aCodex({ file: recording('resumed') })
    const task = await aCodexTask({ session: '01a1fbb6-9532-7a11-a5c6-a7af5a83cf61' })
    const { end, updates } = await runAgent(driver, task)
    expect(await heard('arguments')).toMatch(new RegExp(`\nresume\n${task.session}\n-$`))
    expect(end).toMatchObject({ kind: 'done', summary: 'Done second.', session: task.session })
    expect(updates.map(({ type }) => type)).not.toContain('usage')
  })

  it.each([
    ['status-400', 'agent-failed'],
    ['status-401', 'agent-login'],
    ['status-403', 'agent-login'],
    ['status-404', 'model-refused'],
    ['status-429', 'model-unavailable'],
    ['status-500', 'model-unavailable'],
    ['quota', 'model-unavailable'],
    ['cut', 'model-unavailable'],
    ['unfinished', 'model-unavailable'],
    ['unreachable', 'model-unavailable'],
  ])('a turn that failed with %s is %s', async (name, reason) => {
    const { driver } = await aCodex({ file: recording(name) }, 'exit 1')
    const { end } = await runAgent(driver, await aCodexTask())
    expect(end).toMatchObject({ kind: 'failed', reason, session: expect.any(String) })
  })

  it('a Codex that exits without an event is a failure with the end of its stderr', async () => {
    const { driver } = await aCodex({ text: '' }, 'echo "Error: no rollout found" >&2; exit 1')
    expect((await runAgent(driver, await aCodexTask())).end).toEqual({
      kind: 'failed',
      reason: 'agent-failed',
      detail: 'codex: Error: no rollout found',
      session: null,
    })
  })

  it('a Codex that is killed in its turn is a failure with its exit code', async () => {
    const { driver } = await aCodex({ text: '{"type":"turn.started"}\n' }, 'kill -KILL $$')
    expect((await runAgent(driver, await aCodexTask())).end).toMatchObject({
      kind: 'failed',
      detail: 'codex: exited with code 137',
    })
  })

  it('a line over 1 MiB is truncated and the next one parsed', async () => {
    const long = JSON.stringify({ type: 'item.completed', text: 'x'.repeat(2 ** 21) })
    const { driver } = await aCodex({ text: `${long}\n{"type":"turn.completed"}\n` })
    const { end, updates } = await runAgent(driver, await aCodexTask())
    expect(end.kind).toBe('done')
    expect(updates).toContainEqual({
      type: 'warning',
      text: 'codex printed a line over 1 MiB, which was truncated',
    })
  })

  it('without a model says so and starts nothing', async () => {
    const { driver } = await aCodex({ file: recording('work') })
    const { end } = await runAgent(driver, await aCodexTask({ door: null }))
    expect(end).toMatchObject({ kind: 'failed', reason: 'agent-login' })
  })

  it('that finds no Codex says how to install it', async () => {
    const running = runAgent(codexDriver({ path: '/nowhere' })({}), await aCodexTask())
    await expect(running).rejects.toMatchObject({
      reason: 'agent-not-installed',
      detail: expect.stringContaining('npm install -g @openai/codex@0.169.0'),
    })
  })
})
