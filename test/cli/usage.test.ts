import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { UsageReport } from '../../src/domain/usage-report.ts'
import { cliInEmptyHome } from '../support/cli.ts'
import { makeRemote } from '../support/repository.ts'
import { runHere } from '../support/run-here.ts'

const usage = { input: 1800, output: 300, costUsd: 0.01 }
const SCRIPT = {
  scripts: [
    {
      when: 'Write the file',
      steps: [
        { calls: [{ name: 'write', args: { path: 'file', content: 'new\n' } }], usage },
        { text: 'Done.', usage },
      ],
    },
  ],
}

it('tokens and costs stand in the list of jobs, and are summed by what people ask for', async () => {
  const cli = await cliInEmptyHome()
  const { remote } = await makeRemote(join(cli.home, 'git'))
  const script = join(cli.home, 'model.json')
  await writeFile(script, JSON.stringify(SCRIPT))
  await cli.startUp(['--allow-local', '--label', 'nightly', '--replay', script])
  const submit = ['submit', '--wait', '--repo', remote, '--label', 'nightly']
  expect((await runHere(cli, [...submit, 'Write the file'])).code).toBe(0)

  const { stdout: jobs } = await runHere(cli, ['jobs'])
  expect(jobs).toMatch(/^id +state +age +kind +tokens in\/out, cost +by +reason +title\n/)
  expect(jobs).toMatch(/ 3\.6k\/600 replayed +admin +patch-ready +Write the file\n/)

  const byDay = await runHere(cli, ['usage'])
  expect(byDay.stdout).toMatch(/^day \(UTC\) +jobs +tokens in +cached +out +cost\n/)
  const sum = / 1 +3\.6k +0 +600 +\$0\.02, 1 job replayed, not from a model\n/.source
  expect(byDay.stdout).toMatch(new RegExp(`\n\\d{4}-\\d\\d-\\d\\d +${sum}total +${sum}$`))
  for (const [by, key] of Object.entries({
    label: 'nightly',
    repository: remote,
    agent: 'builtin',
  })) {
    const { stdout } = await runHere(cli, ['usage', '--by', by, '--json'])
    const { rows } = UsageReport.parse(JSON.parse(stdout))
    expect(rows).toEqual([expect.objectContaining({ key, jobs: 1, costUsd: 0.02 })])
  }
  expect(await runHere(cli, ['usage', '--before', '2020-01-01'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'no jobs\n',
  })
  expect(await runHere(cli, ['usage', '--by', 'mood'])).toMatchObject({ code: 2 })
})

it('a cancelled job names who cancelled it, and how to continue', async () => {
  const cli = await cliInEmptyHome()
  await cli.startHub()
  const { stdout } = await runHere(cli, ['submit', 'generate', '--', 'true'])
  const cancelled = await runHere(cli, ['cancel', stdout.slice(0, 12)])
  expect(cancelled.stdout).toMatch(
    /^[0-9a-f]{12} cancelled by admin \(cancelled-by-request\)\n {2}next: .* retry [0-9a-f]{12}\n$/,
  )
})
