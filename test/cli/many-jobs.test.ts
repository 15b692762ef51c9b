import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { Job } from '../../src/domain/job.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { type Cli, cliInEmptyHome, hubAddress } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'

const aLine = (n: number, changes: object = {}): string =>
  JSON.stringify({
    kind: 'generate',
    payload: { generator: { name: 'command', run: ['echo', String(n)] }, title: `job ${n}` },
    ...changes,
  })

const lines = (count: number): string =>
  Array.from({ length: count }, (_, n) => aLine(n)).join('\n')

const Page = z.object({ jobs: z.array(Job) })

/** The jobs of a group, in the order of their titles. */
async function jobsOf(cli: Cli, group: string): Promise<readonly Job[]> {
  const args = ['jobs', '--group', group, '--limit', '200', '--json']
  const { jobs } = Page.parse(JSON.parse((await cli.run(args)).stdout))
  return jobs.toSorted((one, other) => one.title.localeCompare(other.title))
}

/** Returns a function that counts the queued jobs of a group. */
async function queuedIn(cli: Cli, group: string): Promise<() => Promise<number>> {
  const token = (await readFile(join(cli.data, 'admin.token'), 'utf8')).trim()
  const client = new HubClient({ url: await hubAddress(cli.data), token })
  return async () => (await client.call('groupTotals', { query: { group } })).jobs.queued
}

const SOON = { timeout: 60_000, interval: 5 }

const withHub = async (): Promise<Cli> => {
  const cli = await cliInEmptyHome()
  await cli.startHub()
  return cli
}

describeNeeding(['patience'], 'submit --file', () => {
  it('submits each line once, however often it is repeated', async () => {
    const cli = await withHub()
    await writeFile(join(cli.home, 'jobs.jsonl'), `${aLine(1)}\n\n${aLine(1)}\n${aLine(2)}\n`)
    const submit = ['submit', '--file', 'jobs.jsonl', '--priority', '3', '--label', 'gpu']
    const first = await cli.run(submit)
    const group = /^3 jobs submitted, group (jobs-[0-9a-f]{8})\n/.exec(first.stdout)?.[1] ?? ''
    expect(first.stdout).toContain(`wait --group ${group}`)
    expect((await cli.run(submit)).stdout).toContain('0 jobs submitted')
    const jobs = await jobsOf(cli, group)
    expect(jobs.map(({ title }) => title)).toEqual(['job 1', 'job 1', 'job 2'])
    expect(jobs[2]).toMatchObject({ priority: 3, labels: ['gpu'] })

    const again = [...submit, '--group', 'again', '--json']
    const Sent = z.object({ groups: z.array(z.string()), created: z.int(), existed: z.int() })
    const sent = async () => Sent.parse(JSON.parse((await cli.run(again)).stdout))
    expect(await sent()).toEqual({ groups: ['again'], created: 3, existed: 0 })
    expect(await sent()).toEqual({ groups: ['again'], created: 0, existed: 3 })
    await writeFile(join(cli.home, 'jobs.jsonl'), `${aLine(3)}\n${aLine(2)}\n`)
    expect(await sent()).toEqual({ groups: ['again'], created: 1, existed: 1 })
  }, 120_000)

  it('submits the only line of a JSON Lines file once, and checks it like any other line', async () => {
    const cli = await withHub()
    await writeFile(join(cli.home, 'jobs.jsonl'), `${aLine(1)}\n`)
    const submit = () => cli.run(['submit', '--file', 'jobs.jsonl'])
    expect((await submit()).stdout).toMatch(/^1 job submitted, group jobs-[0-9a-f]{8}\n/)
    expect((await submit()).stdout).toMatch(/^0 jobs submitted, .*; 1 job existed already\n/)
    await writeFile(join(cli.home, 'jobs.jsonl'), `${aLine(1, { priorty: 1 })}\n`)
    expect((await submit()).stderr).toContain(
      'Nothing was submitted.\n  jobs.jsonl: unknown key "priorty"; did you mean priority?',
    )
  })

  it('takes an array from stdin, and what a job says itself before a flag', async () => {
    const cli = await withHub()
    const stdin = `[${aLine(1, { priority: 1 })}, ${aLine(2, { group: 'own' })}]`
    const args = ['submit', '--file', '-', '--group', 'usual', '--priority', '9']
    expect((await cli.run(args, { stdin })).stdout).toMatch(/^2 jobs submitted, 2 groups\n/)
    expect((await jobsOf(cli, 'usual')).map(({ priority }) => priority)).toEqual([1])
    expect((await jobsOf(cli, 'own')).map(({ priority }) => priority)).toEqual([9])
  })

  it('names the line and the field of each error, and then submits nothing', async () => {
    const cli = await withHub()
    const bad = [
      aLine(1),
      aLine(2, { kind: 'generat' }),
      aLine(3, { priorty: 1 }),
      '5',
      aLine(4, { kind: 'code', payload: { repository: '/x' } }),
    ]
    const args = ['submit', '--file', '-', '--group', 'g']
    const end = await cli.run(args, { stdin: bad.join('\n') })
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr.split('\n').slice(0, 5)).toEqual([
      'millwright: Nothing was submitted.',
      '  stdin, line 2: kind: there is no kind "generat"; did you mean generate?',
      '  stdin, line 3: unknown key "priorty"; did you mean priority?',
      '  stdin, line 4: 5 is not an object.',
      expect.stringMatching(/^ {2}stdin, line 5: payload.prompt is missing; payload.agent is miss/),
    ])
    expect((await cli.run(['wait', '--group', 'g'])).code).toBe(6)

    const broken = await cli.run(args, { stdin: `${aLine(1)}\n{"kind":` })
    expect(broken.stderr).toContain('stdin, line 2 does not contain valid JSON: ')
    expect((await cli.run(args, { stdin: '[]' })).stderr).toContain('stdin contains no jobs')
    const twice = [1, 2].map((n) => aLine(n, { id: '01890000-0000-7000-8000-00000000000a' }))
    expect((await cli.run(args, { stdin: twice.join('\n') })).stderr).toContain(
      'stdin, line 2: this job has the same id as the job at stdin, line 1',
    )
  })

  it('submits 1000 jobs exactly once when its client is killed and the hub is restarted', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    await writeFile(join(cli.home, 'jobs.jsonl'), lines(1000))
    const submit = ['submit', '--file', 'jobs.jsonl', '--group', 'big']
    const queued = await queuedIn(cli, 'big')
    const killed = cli.start(submit)
    await expect.poll(queued, SOON).toBeGreaterThan(0)
    await killed.stop('SIGKILL')
    const before = await queued()
    expect(before).toBeLessThan(1000)

    const address = /http:\/\/\S+:(\d+)/.exec(await hub.printed(/hub on http/))?.[1] ?? ''
    await hub.stop('SIGKILL')
    const patient = cli.start(submit)
    await patient.printed(/retrying until the hub answers/)
    await cli.startHub(['--port', address])
    const { code, stdout } = await patient.end
    expect(code).toBe(0)
    expect(stdout).toContain(`; ${before} jobs existed already`)
    expect(await queued()).toBe(1000)
  }, 120_000)

  it('stops at an interrupt and says how many jobs were submitted', async () => {
    const cli = await withHub()
    await writeFile(join(cli.home, 'jobs.jsonl'), lines(5000))
    const queued = await queuedIn(cli, 'big')
    const submit = cli.start(['submit', '--file', 'jobs.jsonl', '--group', 'big'])
    await expect.poll(queued, SOON).toBeGreaterThan(0)
    const { code, stderr } = await submit.stop('SIGINT')
    expect(code).toBe(130)
    const done = /Interrupted: (\d+) of 5000 jobs were submitted\. Repeat/.exec(stderr)?.[1]
    expect(await queued()).toBe(Number(done))
  }, 120_000)
})

describeNeeding(['patience'], 'submit --rows', () => {
  const TEMPLATE = ['submit', '--repo', 'https://git.example/acme/{{repo}}.git']
  const CSV = '\uFEFFrepo,file,agent,priority\napp,a.md,codex,1\nsite,"b ""c"", d.md",builtin,02\n'

  it('fills the prompt and the flags with each row before it reads them', async () => {
    const cli = await withHub()
    await writeFile(join(cli.home, 'rows.csv'), CSV)
    const flags = ['--agent', '{{agent}}', '--priority', '{{priority}}', '--label', 'l-{{repo}}']
    const args = [...TEMPLATE, ...flags, '--branch', 'x/{{repo}}', '--rows', 'rows.csv']
    const prompt = String.raw`Translate {{file}}, keep \{{names}}`
    const sent = await cli.run([...args, '--group', 'g', prompt])
    expect(sent.stdout).toMatch(/^2 jobs submitted, group g\n/)
    const jobs = await jobsOf(cli, 'g')
    expect(jobs.map(({ title, priority, labels }) => ({ title, priority, labels }))).toEqual([
      { title: 'Translate a.md, keep {{names}}', priority: 1, labels: ['l-app'] },
      { title: 'Translate b "c", d.md, keep {{names}}', priority: 2, labels: ['l-site'] },
    ])
    expect(jobs[1]?.payload).toMatchObject({
      repository: 'https://git.example/acme/site.git',
      agent: { name: 'builtin' },
      publish: { mode: 'branch', branch: 'x/site' },
    })
    expect((await cli.run([...args, '--group', 'g', prompt])).stdout).toContain('0 jobs submitted')
  })

  it('gives each job its own inputs and the words of its program', async () => {
    const cli = await withHub()
    await writeFile(join(cli.home, 'a.txt'), 'a')
    await writeFile(join(cli.home, 'b.txt'), 'b')
    const args = ['submit', 'generate', '--input', '{{file}}', '--rows', '-', '--group', 'g']
    const stdin = '{"file":"a.txt"}\n{"file":"b.txt"}'
    const sent = await cli.run([...args, '--', 'wc', '{{file}}'], { stdin })
    expect(sent.stderr).toBe('')
    const jobs = await jobsOf(cli, 'g')
    expect(jobs.map(({ title }) => title)).toEqual(['wc a.txt', 'wc b.txt'])
  })

  it('prints the jobs instead of submitting them, in a form that --file takes', async () => {
    const cli = await cliInEmptyHome()
    const rows = ['n', ...Array.from({ length: 5 }, (_, n) => n)].join('\n')
    await writeFile(join(cli.home, 'rows.csv'), rows)
    const args = [...TEMPLATE.map((word) => word.replace('{{repo}}', 'app')), '--rows', 'rows.csv']
    const shown = await cli.run([...args, '--dry-run', 'Fix {{n}}'])
    expect(shown.stdout).toContain('"prompt": "Fix 2"')
    expect(shown.stdout).not.toContain('"prompt": "Fix 3"')
    expect(shown.stderr).toMatch(/^and 2 more; 5 jobs would be submitted, group rows-\w{8}\n$/)
    const all = await cli.run([...args, '--dry-run', '--json', 'Fix {{n}}'])
    await writeFile(join(cli.home, 'jobs.jsonl'), all.stdout)
    await cli.startHub()
    expect((await cli.run(['submit', '--file', 'jobs.jsonl'])).stdout).toMatch(/^5 jobs submitted/)
    expect((await cli.run([...args, 'Fix {{n}}'])).stdout).toMatch(/^0 jobs .*; 5 jobs existed/)
  })

  it.each([
    [
      'a name that no column has',
      ['Translate {{fiel}}'],
      /rows\.csv, line 2: .*\{\{fiel\}\}; did you mean \{\{file\}\}/,
    ],
    [
      'a value that a flag does not take',
      ['--agent', '{{file}}', 'x'],
      /line 2: --agent: "a.md" is not one of /,
    ],
    ['no name at all', ['Fix it'], /use \{\{name\}\} in the prompt or in a flag/],
    [
      'a time that changes with each run',
      ['--not-before', '+10m', '{{file}}'],
      /line 2: --not-before \+10m depends/,
    ],
    ['a file of jobs', ['--file', 'rows.csv'], /--rows cannot be combined with --file/],
  ])('is refused with %s', async (_, words, message) => {
    const cli = await cliInEmptyHome()
    await writeFile(join(cli.home, 'rows.csv'), CSV)
    const args = ['submit', '--repo', 'https://git.example/app.git', '--rows', 'rows.csv', ...words]
    const end = await cli.run(args)
    expect(end).toMatchObject({ code: 2, stdout: '' })
    expect(end.stderr).toMatch(message)
  })
})
