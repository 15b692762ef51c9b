import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { JobId } from '../../src/domain/id.ts'
import { Job } from '../../src/domain/job.ts'
import { describeNeeding } from '../support/needs.ts'
import { type Cli, cliInEmptyHome, hubAddress } from '../support/cli.ts'

const REPOSITORY = 'https://git.example/acme/app.git'

async function withHub(): Promise<Cli> {
  const cli = await cliInEmptyHome()
  await cli.startHub()
  return cli
}

/** Submits a job that no worker will take, because there is none. */
async function submitted(cli: Cli, ...args: readonly string[]): Promise<Job> {
  const { stdout } = await cli.run(['submit', '--repo', REPOSITORY, '--json', ...args])
  return Job.parse(JSON.parse(stdout))
}

describe('submit', () => {
  it('turns flags into a job and prints its short id and the next command', async () => {
    const cli = await withHub()
    const { code, stdout } = await cli.run(['submit', '--repo', REPOSITORY, 'Fix the parser\nnow'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^[0-9a-f]{12} queued: Fix the parser\n {2}next: npm --prefix \S+ run millwright -- logs -f/,
    )
  })

  it('takes every part of a job from flags', async () => {
    const cli = await withHub()
    const flags =
      '--ref main --agent command --branch fix/parser --priority 7 --label gpu ' +
      '--lock site:acme --wall-ms 5000 --max-failures 1'
    const lines = ['--test', 'npm test', '--check', 'lint=npm run lint']
    const agent = ['--', './agent.sh', '--flag']
    const job = await submitted(cli, ...flags.split(' '), ...lines, 'Fix it', ...agent)
    expect(job).toMatchObject({ priority: 7, labels: ['gpu'] })
    expect(job.locks).toContain('site:acme')
    expect(job.limits.wallMs).toBe(5000)
    expect(job.retry.maxFailures).toBe(1)
    expect(job.payload).toMatchObject({
      repository: REPOSITORY,
      ref: 'main',
      prompt: 'Fix it',
      agent: { name: 'command', run: ['./agent.sh', '--flag'] },
      test: ['sh', '-c', 'npm test'],
      checks: [{ name: 'lint', run: ['sh', '-c', 'npm run lint'] }],
      publish: { mode: 'branch', branch: 'fix/parser' },
    })
  })

  it('takes a kind by its name, and what every job can have', async () => {
    const cli = await withHub()
    const flags = ['--group', 'night', '--not-before', '+10m', '--json']
    const kind = ['submit', 'code', '--repo', REPOSITORY, ...flags, 'code']
    const job = Job.parse(JSON.parse((await cli.run(kind)).stdout))
    expect(job).toMatchObject({ group: 'night', submittedBy: 'admin', title: 'code' })
    const shown = (await cli.run(['show', job.id])).stdout
    expect(shown).toMatch(/ agent +builtin\n[^]* group +night\n/)
    expect(shown).toMatch(/ demands +agent:builtin, model:default, repo:https:\/\/git\.example/)
    expect(shown).toMatch(/ submitted by +admin\n/)
  })

  it('reads a prompt from stdin, and a whole job from a file or stdin', async () => {
    const cli = await withHub()
    const prompt = await cli.run(['submit', '--repo', REPOSITORY, '--json', '-'], {
      stdin: 'From stdin',
    })
    const job = Job.parse(JSON.parse(prompt.stdout))
    expect(job.title).toBe('From stdin')
    const whole = { kind: 'code', payload: job.payload, priority: 3 }
    const again = await cli.run(['submit', '--file', '-', '--json'], {
      stdin: JSON.stringify(whole),
    })
    expect(Job.parse(JSON.parse(again.stdout))).toMatchObject({ priority: 3, title: 'From stdin' })
  })

  it('gives the same job for the same key', async () => {
    const cli = await withHub()
    const first = await submitted(cli, '--key', 'nightly-1', 'Once')
    expect((await submitted(cli, '--key', 'nightly-1', 'Once')).id).toBe(first.id)
    const args = ['submit', '--repo', REPOSITORY, '--key', 'nightly-1', 'Once']
    expect((await cli.run(args)).stderr).toContain('A job with the same --key already exists')
  })

  it('means a folder by its absolute path', async () => {
    const cli = await withHub()
    const { stdout } = await cli.run(['submit', '--repo', '.', '--json', 'Fix'])
    expect(Job.parse(JSON.parse(stdout)).payload).toMatchObject({ repository: cli.home })
  })
})

describeNeeding(['patience'], 'jobs and show', () => {
  it('list jobs as a table or as one JSON document, page by page', async () => {
    const cli = await withHub()
    await submitted(cli, 'First')
    await submitted(cli, 'Second')
    expect((await cli.run(['jobs'])).stdout).toMatch(/id .*state .*title\n.*Second\n.*First\n$/)
    const Page = z.object({ jobs: z.array(Job), next: JobId.nullable() })
    const page = async (...args: readonly string[]) =>
      Page.parse(JSON.parse((await cli.run(['jobs', '--json', ...args])).stdout))
    const first = await page('--limit', '1')
    expect(first.jobs.map(({ title }) => title)).toEqual(['Second'])
    const second = await page('--limit', '1', '--cursor', first.next ?? '')
    expect(second.jobs.map(({ title }) => title)).toEqual(['First'])
    expect((await page('--state', 'running')).jobs).toEqual([])
  })

  it('find a job by any unique ending of its id', async () => {
    const cli = await withHub()
    const { id } = await submitted(cli, 'Find me')
    for (const name of [id, id.slice(-12), id.slice(-6), id.replaceAll('-', '').slice(-20)]) {
      const { code, stdout } = await cli.run(['show', name])
      expect([code, stdout.includes('Find me')]).toEqual([0, true])
    }
    expect((await cli.run(['show', 'abc'])).code).toBe(2)
    const other = id.endsWith('0000') ? '1111' : '0000'
    expect((await cli.run(['show', other])).code).toBe(6)
  })

  it('show the job, its events and artifacts as one JSON document', async () => {
    const cli = await withHub()
    const { id } = await submitted(cli, 'Look')
    const { stdout } = await cli.run(['show', id, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      job: { id, state: 'queued' },
      events: [{ seq: 1, type: 'submitted' }],
      artifacts: [],
    })
  })

  it('print the text of strangers without control characters', async () => {
    const cli = await withHub()
    await cli.run(['submit', '--repo', REPOSITORY, '-'], { stdin: 'evil\u001B[31m\u202Etitle' })
    const table = (await cli.run(['jobs'])).stdout
    expect(table).toContain('eviltitle')
    const json = (await cli.run(['jobs', '--json'])).stdout
    expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})

describeNeeding(['patience'], 'cancel, retry and logs', () => {
  it('cancel a waiting job at once, and say how a follower should end', async () => {
    const cli = await withHub()
    const { id } = await submitted(cli, 'Never mind')
    const follower = cli.start(['logs', '-f', id])
    expect((await cli.run(['cancel', id])).stdout).toContain('cancelled')
    expect((await follower.end).code).toBe(4)
    expect((await cli.run(['cancel', id])).code).toBe(0)
  })

  it('start a new job from an ended one, and only from an ended one', async () => {
    const cli = await withHub()
    const { id } = await submitted(cli, 'Once more')
    expect((await cli.run(['retry', id])).code).toBe(8)
    await cli.run(['cancel', id])
    const { stdout } = await cli.run(['retry', id, '--prompt', 'Differently', '--json'])
    expect(Job.parse(JSON.parse(stdout))).toMatchObject({ retryOf: id, title: 'Differently' })
  })

  it('show another log, or that there was no such attempt, where a log is empty', async () => {
    const cli = await withHub()
    const { id } = await submitted(cli, 'Nothing yet')
    const empty = await cli.run(['logs', id])
    expect(empty).toMatchObject({ code: 0, stdout: '' })
    expect(empty.stderr).toMatch(/The log "transcript" is empty[^]* logs \w{12} --stream checks/)
    const never = await cli.run(['logs', id, '--attempt', '9'])
    expect(never.code).toBe(2)
    expect(never.stderr).toContain('--attempt: 9 is too high; the job has had 0 attempts')
    expect((await cli.run(['show', id])).stdout).toMatch(/submitted +\S+ \S+ UTC/)
  })

  it('say no more than they know when they are interrupted while the hub is away', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    const follower = cli.start(['submit', '--wait', '--repo', REPOSITORY, 'Long work'])
    await follower.printed(/submitted/)
    await hub.stop('SIGKILL')
    await follower.printed(/retrying until the hub answers/)
    const { code, stderr } = await follower.stop('SIGINT')
    expect(code).toBe(130)
    expect(stderr).toMatch(
      /accepted \(last seen: submitted .*\)\. The hub has been unreachable since .* logs -f/,
    )
    expect(stderr).not.toContain('The job continues')
  })

  it('leave the job alone when a follower is interrupted', async () => {
    const cli = await withHub()
    const follower = cli.start(['submit', '--wait', '--repo', REPOSITORY, 'Long work'])
    await follower.printed(/submitted/)
    const { code, stderr } = await follower.stop('SIGINT')
    expect(code).toBe(130)
    expect(stderr).toContain('The job continues')
    expect((await cli.run(['jobs', '--state', 'queued'])).stdout).toContain('Long work')
  })
})

describeNeeding(['patience'], 'tokens', () => {
  it('are printed alone, once, and work until they are revoked', async () => {
    const cli = await withHub()
    const created = await cli.run(['tokens', 'create', 'ci', '--scope', 'jobs:read'])
    const token = created.stdout.trim()
    expect(token).toMatch(/^mw_\S+$/)
    const url = await hubAddress(cli.data)
    const asCi = { env: { MILLWRIGHT_HUB: url, MILLWRIGHT_TOKEN: token } }
    expect((await cli.run(['jobs'], asCi)).code).toBe(0)
    expect((await cli.run(['submit', '--repo', REPOSITORY, 'x'], asCi)).code).toBe(5)
    const list = (await cli.run(['tokens', 'list'])).stdout
    expect(list).not.toContain(token)
    const id = /^(\S+)\s+ci\s/m.exec(list)?.[1] ?? ''
    expect(id).not.toBe('')
    expect((await cli.run(['tokens', 'revoke', 'ci'])).code).toBe(0)
    expect((await cli.run(['tokens', 'revoke', id])).code).toBe(0)
    const refused = await cli.run(['jobs'], asCi)
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain('tokens create')
  })

  it('of workers may be restricted to some jobs, and others may not', async () => {
    const cli = await withHub()
    const only = ['--only', 'kind:code', '--only', 'repo:https://git.example/team/*']
    expect((await cli.run(['tokens', 'create', 'w1', '--scope', 'worker', ...only])).code).toBe(0)
    const list = (await cli.run(['tokens', 'list'])).stdout
    expect(list).toMatch(/ w1 +worker +kind:code repo:https:\/\/git\.example\/team\/\* /)
    const refused = await cli.run(['tokens', 'create', 'p1', '--scope', 'jobs:read', ...only])
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('Only a token with the scope "worker" can be restricted')
  })

  it('in a file of two lines are refused, and not shown', async () => {
    const cli = await withHub()
    const token = (await readFile(join(cli.data, 'admin.token'), 'utf8')).trim()
    const file = join(cli.data, 'two')
    await writeFile(file, `${token}\n# mine\n`)
    const named = ['--hub', await hubAddress(cli.data), '--token-file', file]
    for (const command of ['jobs', 'worker']) {
      const { code, stdout, stderr } = await cli.run([command, ...named])
      expect(code).not.toBe(0)
      expect(stdout + stderr).not.toContain(token)
      expect(stderr).toContain('does not contain exactly one token')
    }
  })

  it('of the administrator are for the owner alone and never leave for another address', async () => {
    const cli = await withHub()
    const file = join(cli.data, 'admin.token')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).toMatch(/^mw_/)
    const other = (await hubAddress(cli.data)).replace('127.0.0.1', 'localhost')
    const { code, stderr } = await cli.run(['jobs', '--hub', other])
    expect(code).toBe(5)
    expect(stderr).toContain('Authorization')
  })
})
