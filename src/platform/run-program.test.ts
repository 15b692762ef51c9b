import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { listProcesses } from './process-table.ts'
import { type Program, runProgram } from './run-program.ts'

const PATH = process.env['PATH'] ?? ''

const aProgram = (script: string, change: Partial<Program> = {}): Program => ({
  argv: ['sh', '-c', script],
  cwd: '/',
  env: { PATH },
  timeoutMs: 20_000,
  stdoutBytesMax: 1024 * 1024,
  ...change,
})

async function* words(failure: Error | null) {
  yield 'hello '
  yield Buffer.from('there')
  if (failure !== null) throw failure
}

async function* endless() {
  for (;;) yield 'and more'
}

/** A killed process stays in the table as a zombie until it is reaped; a zombie is not alive. */
const isAlive = (pid: number): boolean => listProcesses().some((each) => each.pid === pid)

describe('runProgram', () => {
  it('passes stdin to the program and returns its output and exit code', async () => {
    const end = await runProgram(aProgram('cat; echo trouble >&2; exit 3', { stdin: 'hello' }))
    expect(end).toMatchObject({ code: 3, killSignal: null, exceeded: null, stderr: 'trouble\n' })
    expect(end.stdout.toString()).toBe('hello')
  })

  it('streams stdin to the program, and kills it when the source fails', async () => {
    const end = await runProgram(aProgram('cat', { stdin: words(null) }))
    expect(end.stdout.toString()).toBe('hello there')
    const failure = new Error('the source failed')
    const stdin = words(failure)
    await expect(runProgram(aProgram('cat; sleep 600', { stdin }))).rejects.toBe(failure)
    const deaf = await runProgram(aProgram('exec 0<&-; exit 4', { stdin: endless() }))
    expect(deaf.code).toBe(4)
  })

  it('passes on nothing of its own environment', async () => {
    const end = await runProgram(aProgram('env', { env: { PATH, ONLY: 'this' } }))
    const names = end.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(names.filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name ?? ''))).toEqual(
      expect.arrayContaining(['PATH', 'ONLY']),
    )
    expect(names).not.toContain('HOME')
  })

  it('kills the whole group when the time is up', async () => {
    const end = await runProgram(aProgram('sleep 600 & echo $!; wait', { timeoutMs: 300 }))
    expect(end).toMatchObject({ code: null, killSignal: 'SIGKILL', exceeded: 'time' })
    await expect.poll(() => isAlive(Number(end.stdout.toString()))).toBe(false)
  })

  it('kills a program that prints more than its limit', async () => {
    const end = await runProgram(aProgram('yes', { stdoutBytesMax: 1000 }))
    expect(end.exceeded).toBe('output')
    expect(end.stdout.length).toBeLessThanOrEqual(1000)
  })

  it('throws the reason of an abort after the program has ended', async () => {
    const controller = new AbortController()
    const running = runProgram(aProgram('sleep 600', { timeoutMs: 600_000 }), controller.signal)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
  })

  it('writes stdout to a file when asked', async () => {
    const file = join(await tempFolder(), 'out')
    const end = await runProgram(aProgram('printf 12345', { stdoutFile: file }))
    expect(end.stdout.length).toBe(0)
    expect(await readFile(file, 'utf8')).toBe('12345')
  })

  it('does not wait for a descendant that left the group and holds the pipes', async () => {
    const end = await runProgram(aProgram('setsid sleep 30 & echo $!'))
    expect(end.code).toBe(0)
    process.kill(Number(end.stdout.toString()), 'SIGKILL')
  })

  it('keeps the end of stderr only', async () => {
    const end = await runProgram(aProgram('yes error | head -c 300000 >&2; echo last >&2'))
    expect(end.stderr.length).toBe(64 * 1024)
    expect(end.stderr.endsWith('last\n')).toBe(true)
  })

  it('does not mind a program that ignores its input', async () => {
    const end = await runProgram(aProgram('exit 0', { stdin: Buffer.alloc(4 * 1024 * 1024) }))
    expect(end.code).toBe(0)
  })

  it('names a program that is missing', async () => {
    const running = runProgram({ ...aProgram(''), argv: ['no-such-program'] })
    await expect(running).rejects.toThrow(/no-such-program/)
  })
})
