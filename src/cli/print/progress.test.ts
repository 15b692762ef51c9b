import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { JobEvent } from '../../domain/event.ts'
import { Usage } from '../../domain/outcome.ts'
import { printer } from './printer.ts'
import { startProgress } from './progress.ts'

function aTerminal(isTTY: boolean, env: Readonly<Record<string, string>> = {}) {
  const stderr = new PassThrough({ encoding: 'utf8' })
  const stdin = new PassThrough()
  const both = { stdout: isTTY, stderr: isTTY }
  const call = 'millwright'
  return { argv: [], env, cwd: '/', call, stdin, stdout: new PassThrough(), stderr, isTTY: both }
}

const ERASE = '\r\u001B[2K'

const clock = (monotonic: () => number) => ({ monotonic, now: () => 0, sleep: async () => {} })
const event = (what: object): JobEvent => JobEvent.parse({ seq: 1, at: 0, attempt: 1, ...what })

describe('the progress line', () => {
  it('tells phase, elapsed time, tokens and cost, drawn over itself', () => {
    let now = 0
    const terminal = aTerminal(true)
    using progress = startProgress(
      printer(terminal, false),
      terminal,
      clock(() => now),
    )
    const usage = Usage.parse({ inputTokens: 12_300, outputTokens: 450, costUsd: 0.04 })
    progress.see(event({ type: 'usage', usage }))
    now = 65_400
    progress.see(event({ type: 'step-started', step: 'agent' }))
    const drawn = String(terminal.stderr.read())
    expect(drawn.endsWith(`${ERASE}  agent · 1m 05s · 12.3k in, 450 out · $0.04`)).toBe(true)
    expect(drawn).not.toContain('\n')
  })

  it('tells how far a program says it is', () => {
    const terminal = aTerminal(true)
    using progress = startProgress(
      printer(terminal, false),
      terminal,
      clock(() => 0),
    )
    progress.see(event({ type: 'progress', fraction: 0.429, text: 'baking\u001b[2J textures' }))
    progress.see(event({ type: 'progress', fraction: null, text: 'nearly done' }))
    const drawn = String(terminal.stderr.read())
    expect(drawn).toBe(`${ERASE}  42 % baking textures · 0 s${ERASE}  nearly done · 0 s`)
  })

  it('gives way to whatever else is printed, and leaves nothing behind', () => {
    const terminal = aTerminal(true)
    const progress = startProgress(
      printer(terminal, false),
      terminal,
      clock(() => 0),
    )
    progress.above(() => void terminal.stderr.write('a line\n'))
    progress[Symbol.dispose]()
    const drawn = String(terminal.stderr.read())
    expect(drawn).toBe(`${ERASE}a line\n${ERASE}  queued · 0 s${ERASE}`)
  })

  it.each([
    ['a pipe', false, {}],
    ['a dumb terminal', true, { TERM: 'dumb' }],
  ])('is not drawn on %s', (_, isTTY, env) => {
    const terminal = aTerminal(isTTY, env)
    using progress = startProgress(
      printer(terminal, false),
      terminal,
      clock(() => 0),
    )
    progress.see(event({ type: 'step-started', step: 'agent' }))
    expect(terminal.stderr.read()).toBeNull()
  })
})

describe('colour', () => {
  it.each([
    { where: 'on a terminal', isTTY: true, env: {}, json: false, coloured: true },
    {
      where: 'not with NO_COLOR',
      isTTY: true,
      env: { NO_COLOR: '1' },
      json: false,
      coloured: false,
    },
    { where: 'not on a pipe', isTTY: false, env: {}, json: false, coloured: false },
    { where: 'not with --json', isTTY: true, env: {}, json: true, coloured: false },
  ])('is shown $where', ({ isTTY, env, json, coloured }) => {
    const painted = printer(aTerminal(isTTY, env), json).paint('red', 'x')
    expect(painted !== 'x').toBe(coloured)
  })
})
