import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { makeDemoRepository } from '../../src/cli/demo/make-repository.ts'
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

/** Two turns in one session, two runs of the check, one push. */
async function expectSecondTurn(cli: Cli, agent: readonly string[]): Promise<void> {
  const { code, stderr, stdout, job, events, remote } = await followed(cli, agent)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(
    /That should do[^]*check tests failed[^]*▸ prompt\n {4}Your changes did not pass[^]*All parts are added up now[^]*check tests passed[^]*published branch/,
  )
  const told = events.flatMap((event) => {
    if (event.type === 'agent-started' || event.type === 'publication-intended') return [event.type]
    return event.type === 'check-finished' ? [`check ${event.iteration} ${event.passed}`] : []
  })
  expect(told).toEqual([
    'agent-started',
    'check 1 false',
    'agent-started',
    'check 2 true',
    'publication-intended',
  ])
  const sessions = events.flatMap((event) =>
    event.type === 'agent-session' ? [event.session] : [],
  )
  expect(sessions).toHaveLength(2)
  expect(new Set(sessions).size).toBe(1)
  const checks = events.filter((event) => event.type === 'check-finished')
  expect(checks[0]?.findings).toContain('a duration of one unit is parsed')
  expect(checks[1]?.tree).toBe(await byHand(remote, 'rev-parse', 'fix^{tree}'))
  expect(await byHand(remote, 'rev-list', '--count', 'main..fix')).toBe('1')
  expect(job).toMatchObject({ attempt: 1, failures: 0, publication: { kind: 'branch' } })
}

describeNeeding(['patience'], 'the built-in agent whose work fails a check', () => {
  it('hears of it in its session and fixes it there; one branch is pushed', async () => {
    const cli = await cliInEmptyHome()
    const script = join(cli.home, 'model.json')
    const model = scriptFor((command) => ({ name: 'bash', args: { command } }))
    await writeFile(script, JSON.stringify(model))
    await cli.startUp(['--allow-local', '--replay', script])
    await expectSecondTurn(cli, [])
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
    await expectSecondTurn(cli, ['--agent', 'codex', '--model', 'scripted-model'])
  })
})
