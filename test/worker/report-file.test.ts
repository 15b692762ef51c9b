import { expect, it } from 'vitest'
import { ReportFile } from '../../src/domain/report-file.ts'
import { makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { artifact, sh, startHubAndWorker, submitCommand, untilEnded } from '../support/worker.ts'

const FILES = { 'README.md': 'hello\n', 'logo.bin': 'text\n' }

it('report.json says what was asked, what was done and how it ended, and matches its schema', async () => {
  await using test = await startHubAndWorker()
  const { hub } = test
  const { remote, commit } = await makeRemote(await tempFolder(), FILES)
  const checks = [
    { name: 'here', run: ['sh', '-c', 'pwd'] },
    { name: 'three', run: ['sh', '-c', 'echo "$PWD/README.md:1: wrong"; exit 3'] },
  ]
  const { id } = await submitCommand(hub, '', {
    run: sh('echo more >> README.md; printf "\\000" > logo.bin'),
    payload: { repository: remote, checks, iterations: 1 },
  })

  const job = await untilEnded(hub, id)

  const written: unknown = JSON.parse(await artifact(hub, job, 'report.json'))
  const report = ReportFile.parse(written)
  expect(report).toEqual(written)
  expect(report).toMatchObject({
    jobId: id,
    attempt: 1,
    kind: 'code',
    submittedBy: job.submittedBy,
    payload: { prompt: expect.any(String), agent: { name: 'command' }, checks },
    outcome: { kind: 'failed', reason: 'check-failed', step: 'checks' },
    agent: 'command',
    base: { revision: commit },
    change: {
      files: 2,
      insertions: 1,
      deletions: 0,
      changed: [
        { path: 'README.md', insertions: 1, deletions: 0 },
        { path: 'logo.bin', insertions: null, deletions: null },
      ],
    },
    checks: [
      { check: 'here', passed: true, exitCode: 0, command: 'sh -c pwd', iteration: 1 },
      {
        check: 'three',
        passed: false,
        exitCode: 3,
        findings: 'README.md:1: wrong\n\nthree: exit code 3',
      },
    ],
    usage: null,
  })
  expect(job.submittedBy).not.toBeNull()
  expect(report.steps.map(({ step }) => step)).toEqual(['workspace', 'agent', 'diff', 'checks'])
  expect(report.steps.map(({ durationMs }) => durationMs === null)).toEqual([
    false,
    false,
    false,
    true,
  ])
  expect(report.endedAt).toBeGreaterThanOrEqual(report.startedAt)
})

it('a check that is killed at the end of its time has no exit code', async () => {
  await using test = await startHubAndWorker()
  const { hub } = test
  const { id } = await submitCommand(hub, await tempFolder(), {
    run: sh('echo more >> README.md'),
    payload: {
      checks: [{ name: 'slow', run: ['sleep', '60'], timeoutMs: 1000 }],
      iterations: 1,
    },
  })

  const job = await untilEnded(hub, id)

  const { checks } = ReportFile.parse(JSON.parse(await artifact(hub, job, 'report.json')))
  expect(checks).toMatchObject([{ check: 'slow', passed: false, exitCode: null }])
})

it('names as many changed files as an event may hold, and counts all', async () => {
  await using test = await startHubAndWorker()
  const { hub } = test
  const { id } = await submitCommand(hub, await tempFolder(), {
    run: sh('for n in $(seq 150); do echo x > file-$n; done'),
  })

  const job = await untilEnded(hub, id)

  const { change } = ReportFile.parse(JSON.parse(await artifact(hub, job, 'report.json')))
  expect(change).toMatchObject({ files: 150, insertions: 150 })
  expect(change?.changed).toHaveLength(100)
})
