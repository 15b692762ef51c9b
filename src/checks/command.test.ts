import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import type { Launch } from '../domain/launch.ts'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { startTree } from '../platform/process-tree.ts'
import { type CommandCheck, runCommandCheck } from './command.ts'

const launch: Launch = ({ argv, cwd, env }) =>
  startTree(argv, { cwd, env, marker: null, log: silentLog })

async function aCheck(script: string, change: Partial<CommandCheck> = {}): Promise<CommandCheck> {
  return {
    name: 'test',
    judges: 'a1b2',
    run: ['sh', '-c', script],
    timeoutMs: 20_000,
    tree: await tempFolder(),
    env: { PATH: process.env['PATH'] ?? '' },
    writable: [],
    readable: [],
    clock: systemClock,
    ...change,
  }
}

const check = async (
  wanted: CommandCheck,
  onOutput: (text: string) => void = () => {},
  signal = new AbortController().signal,
) => await runCommandCheck(wanted, launch, onOutput, signal)

describe('a command check', () => {
  it('passes with exit code 0 and forwards its output at once', async () => {
    const heard: string[] = []
    const verdict = await check(await aCheck('echo fine; echo warned >&2'), (text) =>
      heard.push(text),
    )
    expect(verdict).toMatchObject({ check: 'test', passed: true })
    expect(verdict.durationMs).toBeGreaterThanOrEqual(0)
    expect(heard.toSorted()).toEqual(['fine\n', 'warned\n'])
  })

  it('fails with any other end, with the helpful part of its output as findings', async () => {
    const failed = await check(await aCheck('seq 10000; echo "expected 1, got 2"; exit 3'))
    expect(failed.passed).toBe(false)
    expect(failed.findings.endsWith('expected 1, got 2\n\ntest: exit code 3')).toBe(true)
    expect(failed.findings.length).toBeLessThan(6 * 1024)
    expect((await check(await aCheck('kill -9 $$'))).findings).toBe('test: killed by SIGKILL')
  })

  it('runs in the tree, with the environment it is given', async () => {
    const wanted = await aCheck('echo "$MARK" > here', {
      env: { PATH: process.env['PATH'] ?? '', MARK: 'mine' },
    })
    await check(wanted)
    expect(await readFile(join(wanted.tree, 'here'), 'utf8')).toBe('mine\n')
  })

  it('fails when it takes too long', async () => {
    const verdict = await check(await aCheck('echo begun; sleep 600', { timeoutMs: 200 }))
    expect(verdict).toMatchObject({ passed: false })
    expect(verdict.findings).toBe('begun\n\ntest: took longer than 200 ms')
  })

  it('throws the reason of the stop, and gives no verdict, when it is stopped', async () => {
    const controller = new AbortController()
    const onOutput = () => controller.abort(new Error('cancelled'))
    const stopped = check(await aCheck('echo begun; sleep 600'), onOutput, controller.signal)
    await expect(stopped).rejects.toThrow('cancelled')
  })
})
