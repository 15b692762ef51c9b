import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { describeNeeding } from '../../test/support/needs.ts'
import type { Child } from '../domain/launch.ts'
import { silentLog } from './log.ts'
import { environmentHolds, listProcesses } from './process-table.ts'
import { killLeftovers, MARKER, startTree } from './process-tree.ts'

const env = { PATH: process.env['PATH'] ?? '' }

const start = async (script: string, marker: string | null = randomUUID()): Promise<Child> =>
  await startTree(['sh', '-c', script], { cwd: '/', env, marker, log: silentLog })

/** Prints its pid when only its parent still links it to the tree. */
const HIDDEN = "env -i setsid sh -c 'echo $$; exec sleep 1000'"

const carriers = (marker: string): readonly number[] =>
  listProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => environmentHolds(pid, `${MARKER}=${marker}`))

describe('a program', () => {
  it('gets its input, environment and folder, and its exit code is reported', async () => {
    const child = await start('cat; echo "$PWD" >&2; exit 7')
    child.stdin.end('hello')
    expect(await Promise.all([text(child.stdout), text(child.stderr), child.exit])).toEqual([
      'hello',
      '/\n',
      { code: 7, killSignal: null },
    ])
  })

  it('that does not read its input does no harm', async () => {
    const child = await start('exit 0')
    child.stdin.end('x'.repeat(1_000_000))
    expect(await child.exit).toEqual({ code: 0, killSignal: null })
  })

  it('that is missing is named together with the PATH', async () => {
    const options = { cwd: '/', env: { PATH: '/nowhere' }, marker: null, log: silentLog }
    await expect(startTree(['no-such-program'], options)).rejects.toMatchObject({
      code: 'program-unstartable',
      message: 'cannot start no-such-program: not found; PATH is /nowhere',
    })
  })

  it('is refused when an argument or a variable holds a NUL', async () => {
    const options = { cwd: '/', env, marker: null, log: silentLog }
    const refused = { code: 'program-unstartable', message: expect.stringContaining('NUL') }
    await expect(startTree(['echo', 'a\0b'], options)).rejects.toMatchObject(refused)
    const poisoned = { ...options, env: { ...env, X: 'a\0b' } }
    await expect(startTree(['echo'], poisoned)).rejects.toMatchObject(refused)
  })

  it('that is not executable, and a folder that is missing, have different errors', async () => {
    const options = { cwd: '/', env, marker: null, log: silentLog }
    await expect(startTree(['/etc'], options)).rejects.toThrow('not executable')
    await expect(startTree(['true'], { ...options, cwd: '/nowhere' })).rejects.toThrow(
      'the working directory /nowhere does not exist',
    )
  })
})

describe('stop', () => {
  it('lets a program that handles SIGINT finish', async () => {
    const child = await start(
      'trap "echo saved; exit 3" INT; echo up; while :; do sleep 0.01; done',
    )
    await once(child.stdout, 'data')
    const words = text(child.stdout)
    expect(await child.stop(10_000)).toEqual({ code: 3, killSignal: null })
    expect(await words).toBe('saved\n')
  })

  it('kills a program that ignores SIGINT, and may be called again', async () => {
    const child = await start('trap "" INT; echo up; while :; do sleep 0.01; done')
    await once(child.stdout, 'data')
    expect(await child.stop(50)).toEqual({ code: null, killSignal: 'SIGKILL' })
    expect(await child.stop(50)).toEqual({ code: null, killSignal: 'SIGKILL' })
  })
})

describe('without a marker', () => {
  it('what stays in the process group ends with the program', async () => {
    const child = await start('sleep 1000 & echo $!', null)
    const pid = Number(await text(child.stdout))
    await child.exit
    expect(listProcesses().map((process) => process.pid)).not.toContain(pid)
  })
})

describeNeeding(['linux'], 'the tree of a marked program', () => {
  it('ends with the program, children with a session of their own included', async () => {
    const marker = randomUUID()
    const child = await start('setsid -f sh -c "trap : INT TERM; sleep 1000"; sleep 1000 &', marker)
    expect(await child.exit).toEqual({ code: 0, killSignal: null })
    expect(carriers(marker)).toEqual([])
  })

  it('holds a child that wiped its environment and left its session, when the program dies first', async () => {
    const child = await start(`${HIDDEN} & while :; do sleep 0.01; done`)
    const [pid] = await once(child.stdout, 'data')
    expect(await child.stop(10_000)).toEqual({ code: null, killSignal: 'SIGINT' })
    expect(listProcesses().map((process) => process.pid)).not.toContain(Number(String(pid)))
  })

  it('that hides a child for good still comes to an end, and so do its pipes', async () => {
    const child = await start(`(${HIDDEN} &); read go; exit 4`)
    const [pid] = await once(child.stdout, 'data')
    child.stdin.end('go\n')
    expect(await child.exit).toEqual({ code: 4, killSignal: null })
    expect(await text(child.stdout)).toBe('')
    process.kill(Number(String(pid)), 'SIGKILL')
  })

  it('is its own: another program of the same attempt keeps running', async () => {
    const marker = randomUUID()
    const agent = await start('echo up; exec sleep 1000', marker)
    await once(agent.stdout, 'data')
    const check = await start('true', marker)
    await check.exit
    expect(carriers(marker)).toHaveLength(1)
    await agent.stop(0)
  })
})

describeNeeding(['linux'], 'killLeftovers', () => {
  it('ends what carries the marker and nothing else', async () => {
    const [mine, other] = [randomUUID(), randomUUID()]
    const leftover = await start('setsid -f sleep 1000; echo up; exec sleep 1000', mine)
    const bystander = await start('echo up; exec sleep 1000', other)
    await Promise.all([once(leftover.stdout, 'data'), once(bystander.stdout, 'data')])
    expect(await killLeftovers(mine, silentLog)).toBe(2)
    expect(carriers(mine)).toEqual([])
    expect(carriers(other)).toHaveLength(1)
    await bystander.stop(0)
  })
})
