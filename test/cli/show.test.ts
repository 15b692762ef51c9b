import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cliInEmptyHome } from '../support/cli.ts'
import { makeRemote } from '../support/repository.ts'
import { runHere } from '../support/run-here.ts'

const PROMPT = Array.from({ length: 12 }, (_, index) => `Line ${index + 1} of the task.`).join('\n')
const CHECK = 'for n in $(seq 30); do echo "not ok $n - $PWD/src/a.js"; done; exit 3'

it('show has the whole evidence of a job, and the output of a failed check once', async () => {
  const cli = await cliInEmptyHome()
  const { remote, commit } = await makeRemote(join(cli.home, 'git'))
  await cli.startUp(['--allow-local'])
  const submit = ['submit', '--wait', '--agent', 'command', '--repo', remote, '--iterations', '1']
  const flags = ['--branch', 'fix/readme', '--check', `tests=${CHECK}`, PROMPT]
  const followed = await runHere(cli, [
    ...submit,
    ...flags,
    '--',
    'sh',
    '-c',
    'echo more >> README.md',
  ])
  expect(followed.code).toBe(1)
  expect(followed.stdout).toContain(`\n· base ${commit.slice(0, 12)}\n`)
  expect(followed.stdout).toContain('\n· change: 1 file, +1 -0\n')
  const id = /^[0-9a-f]{12}/.exec(followed.stdout)?.[0] ?? ''

  const { stdout } = await runHere(cli, ['show', id])
  for (const row of [
    `base +${commit}`,
    'agent +command',
    'publish +branch fix/readme',
    'submitted by +admin',
    'Line 1 of the task\\.',
    '… 4 lines left out',
    'README.md \\| 1 \\+',
    `1 file, \\+1 -0: .* diff ${id}`,
    '1 +turn 1 +tests +failed +exit code 3 +[\\d.]+ m?s +sh -c for n in',
  ]) {
    expect(stdout).toMatch(new RegExp(`\\n +${row}`))
  }
  // Shortened, relative to the workspace, and each line once.
  expect(stdout.match(/not ok 1 - src\/a\.js/g)).toHaveLength(1)
  expect(stdout).toMatch(/\n {2}… \d+ lines left out\n/)
  expect(stdout).not.toContain('/attempts/')
  expect(stdout).not.toContain('not ok 22 ')

  const full = await runHere(cli, ['show', id, '--full'])
  expect(full.stdout).toContain('Line 12 of the task.')
  expect(full.stdout).toContain('not ok 22 ')
})

/** The next step in a printed verdict, without its label. */
const next = (stdout: string): string => /\n {2}next: (.*(?:\n {4}.*)*)/.exec(stdout)?.[1] ?? ''

it('the next step names no command that would find nothing', async () => {
  const cli = await cliInEmptyHome()
  const { remote } = await makeRemote(join(cli.home, 'git'))
  await cli.startUp(['--allow-local'])
  const submit = ['submit', '--agent', 'command', '--repo', remote]
  const run = (flags: readonly string[], script: string) =>
    runHere(cli, [...submit, '--wait', ...flags, 'Do it', '--', 'sh', '-c', script])

  const unchanged = await run(['--iterations', '1', '--check', 'red=false'], 'echo idle')
  expect(next(unchanged.stdout)).toMatch(/ logs [0-9a-f]{12} --stream checks$/)
  const shown = await runHere(cli, ['show', unchanged.stdout.slice(0, 12)])
  expect(next(shown.stdout)).toBe(next(unchanged.stdout))
  const changed = await run(['--iterations', '1', '--check', 'red=false'], 'echo > new')
  expect(next(changed.stdout)).toMatch(/ --stream checks\n.* diff [0-9a-f]{12}$/)

  const never = await runHere(cli, [...submit, '--label', 'absent', 'Do it', '--', 'true'])
  const cancelled = await runHere(cli, ['cancel', never.stdout.slice(0, 12)])
  expect(next(cancelled.stdout)).toMatch(/^continue with: .* retry [0-9a-f]{12}$/)
  expect(next(cancelled.stdout)).not.toContain('diff')
}, 60_000)
