import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { makeDemoRepository } from '../../src/cli/demo/make-repository.ts'
import type { JobEvent } from '../../src/domain/event.ts'
import { type Cli, cliInEmptyHome } from '../support/cli.ts'
import { codexProgram, describeNeeding } from '../support/needs.ts'
import { byHand } from '../support/repository.ts'

const TASK = 'The tests fail. Find the bug and fix it.'

const FIX = `sed -i -e 's|dhms\\])/|dhms])/g|' \\
  -e '/const part = PART/,/return /c\\  const parts = [...text.matchAll(PART)]\\
  if (parts.length === 0) throw new TypeError(text)\\
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * MILLISECONDS[unit], 0)' src/duration.js`

/** A model that breaks more than it fixes, until it hears which tests fail. */
const scriptFor = (call: (command: string) => object) => ({
  scripts: [
    {
      // The findings: the name of a test that passed before.
      when: 'a duration of one unit is parsed',
      steps: [{ calls: [call(FIX)] }, { text: 'All parts are added up now.' }],
    },
    {
      when: TASK,
      steps: [
        { calls: [call("sed -i 's/return Number/return 0 * Number/' src/duration.js")] },
        { text: 'That should do.' },
      ],
    },
  ],
})

/** Submits the demo's bug to an agent and follows the job to its end. */
async function followed(cli: Cli, agent: readonly string[]) {
  const remote = await makeDemoRepository(cli.home, process.env['PATH'] ?? '')
  const flags = ['--repo', remote, '--branch', 'fix', '--check', 'tests=node --test']
  const end = await cli.run(['submit', '--wait', ...agent, ...flags, TASK])
  return { ...end, remote, ...(await cli.show(end.stdout.slice(0, 12))) }
}

/** What the events of a job say of turns, checks and the push. */
const storyOf = (events: readonly JobEvent[]): readonly string[] =>
  events.flatMap((event) => {
    if (event.type === 'agent-started' || event.type === 'publication-intended') return [event.type]
    return event.type === 'check-finished' ? [`check ${event.iteration} ${event.passed}`] : []
  })

/** Two turns, two runs of the check, one push. */
const STORY = [
  'agent-started',
  'check 1 false',
  'agent-started',
  'check 2 true',
  'publication-intended',
]

/** How people see the same. */
const SHOWN =
  /That should do[^]*check tests failed[^]*▸ prompt\n {4}Your changes did not pass[^]*All parts are added up now[^]*check tests passed[^]*published branch/

const sessionsIn = (events: readonly JobEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'agent-session' ? [event.session] : []))

/** What is pushed is one commit of the very tree that passed. */
async function expectOnePush(remote: string, events: readonly JobEvent[]): Promise<void> {
  const [failed, passed] = events.filter((event) => event.type === 'check-finished')
  expect(failed?.findings).toContain('a duration of one unit is parsed')
  expect(passed?.tree).toBe(await byHand(remote, 'rev-parse', 'fix^{tree}'))
  expect(await byHand(remote, 'rev-list', '--count', 'main..fix')).toBe('1')
}

describeNeeding(['patience'], 'the built-in agent whose work fails a check', () => {
  it('hears of it in its session and fixes it there; one branch is pushed', async () => {
    const cli = await cliInEmptyHome()
    const script = join(cli.home, 'model.json')
    const model = scriptFor((command) => ({ name: 'bash', args: { command } }))
    await writeFile(script, JSON.stringify(model))
    await cli.startUp(['--allow-local', '--replay', script])

    const { code, stderr, stdout, job, events, remote } = await followed(cli, [])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(SHOWN)
    expect(job).toMatchObject({ attempt: 1, failures: 0, publication: { kind: 'branch' } })
    expect(storyOf(events)).toEqual(STORY)
    const [first, second] = sessionsIn(events)
    expect(first).toMatch(/^[0-9a-f-]{36}$/)
    expect(second).toBe(first)
    await expectOnePush(remote, events)
  })
})

describeNeeding(['bubblewrap', 'codex'], 'Codex whose work fails a check', () => {
  it('hears of it in its session and fixes it there; one branch is pushed', async () => {
    const cli = await cliInEmptyHome()
    const script = join(cli.home, 'model.json')
    const model = scriptFor((cmd) => ({ name: 'exec_command', args: { cmd } }))
    await writeFile(script, JSON.stringify(model))
    const PATH = `${dirname(codexProgram())}:${process.env['PATH']}`
    const up = ['up', '--port', '0', '--allow-local', '--replay', script]
    await cli.start(up, { env: { PATH } }).printed(/next: .* submit/)

    const agent = ['--agent', 'codex', '--model', 'scripted-model']
    const { code, stderr, stdout, job, events, remote } = await followed(cli, agent)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(SHOWN)
    expect(job).toMatchObject({ attempt: 1, failures: 0, publication: { kind: 'branch' } })
    expect(storyOf(events)).toEqual(STORY)
    const [first, second] = sessionsIn(events)
    expect(first).toMatch(/^[0-9a-f-]{36}$/)
    expect(second).toBe(first)
    await expectOnePush(remote, events)
  })
})
