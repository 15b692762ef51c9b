import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Job } from '../../src/domain/job.ts'
import { cliInEmptyHome, hubAddress } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { byHand, makeRemote } from '../support/repository.ts'

/** The arguments of a job whose agent is a shell script. */
const job = (remote: string, script: string, ...flags: readonly string[]): readonly string[] => {
  const submit = ['submit', '--wait', '--agent', 'command', '--repo', remote]
  return [...submit, ...flags, 'Do it', '--', 'sh', '-c', script]
}

describe('a job from the command line', () => {
  it('ends as a patch that git can apply, with everything that happened kept', async () => {
    const cli = await cliInEmptyHome()
    const { remote, clone } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const script =
      'cat > seen; echo changed > README.md; rm seen; printf "\\033[31mloud\\033[0m\\n"'
    const followed = await cli.run(job(remote, script, '--check', 'ok=test -f README.md'))
    expect(followed.code).toBe(0)
    expect(followed.stdout).toMatch(/· command started\n[\s\S]*· check ok passed[\s\S]*· succeeded/)
    expect(followed.stdout).toMatch(/· command started\n(?:[\s\S]*\n)?loud\n[\s\S]*· succeeded/)
    const id = followed.stdout.slice(0, 12)
    const patch = join(cli.home, 'work.patch')
    expect((await cli.run(['artifacts', 'get', id, 'change.patch', '-o', patch])).code).toBe(0)
    await byHand(clone, 'apply', patch)
    expect(await readFile(join(clone, 'README.md'), 'utf8')).toBe('changed\n')
    const piped = await cli.run(['artifacts', 'get', id, 'change.patch'])
    expect(piped.stdout).toBe(await readFile(patch, 'utf8'))
    expect((await cli.run(['logs', id])).stdout).toBe('loud\n')
    expect((await cli.run(['logs', id, '--json'])).stdout).toBe(
      `${JSON.stringify({ text: '\\u001b[31mloud\\u001b[0m' }).replaceAll('\\\\', '\\')}\n`,
    )
    expect((await cli.run(['logs', id, '--stream', 'checks'])).stdout).toContain('ok')
    const shown = (await cli.run(['show', id])).stdout
    for (const step of ['workspace', 'agent', 'diff', 'checks']) {
      expect(shown).toMatch(new RegExp(`1 +${step} +[\\d.]+ m?s`))
    }
  })

  it('says in every display that the agent changed nothing, and fails where a change is expected', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const idle = await cli.run(job(remote, 'echo Fixed add.', '--check', 'ok=true'))
    const said = /succeeded: the agent changed nothing \(no-change\)\n/
    expect(idle.code).toBe(0)
    expect(idle.stdout).toContain('· succeeded: no-change: the agent changed nothing\n')
    expect(idle.stdout).toMatch(said)
    const id = idle.stdout.slice(0, 12)
    expect((await cli.run(['show', id])).stdout).toMatch(said)
    expect((await cli.run(['jobs'])).stdout).toMatch(/succeeded .* no-change /)
    for (const follow of [[], ['-f']]) {
      expect(await cli.run(['logs', id, ...follow])).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(said),
      })
    }

    const wrong = await cli.run(job(remote, 'echo Fixed add.', '--check', 'tests=false'))
    expect(wrong.code).toBe(1)
    expect(wrong.stdout).toMatch(/failed: a check did not pass \(check-failed\)\n/)
    const expected = await cli.run(job(remote, 'echo Fixed add.', '--expect-change'))
    expect(expected.code).toBe(1)
    expect(expected.stdout).toContain('failed: the agent changed nothing, but the job requires a')
    expect((await cli.run(['show', expected.stdout.slice(0, 12)])).stdout).toMatch(
      /failed: the agent changed nothing, but[^]* expects +a change\n/,
    )
  })

  it('ends as a pushed branch; with --json stdout is the job alone', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const { code, stdout } = await cli.run(
      job(remote, 'echo new > file', '--json', '--branch', 'fix/readme'),
    )
    expect(code).toBe(0)
    const ended = Job.parse(JSON.parse(stdout))
    expect(ended).toMatchObject({
      state: 'succeeded',
      publication: { details: { branch: 'fix/readme' } },
    })
    expect(await byHand(remote, 'log', '-1', '--format=%B', 'fix/readme')).toContain(
      `Job-Id: ${ended.id}`,
    )
  })
})

describeNeeding(['patience'], 'hub and worker apart', () => {
  it('do a job together, with a token of the worker’s own and a hub that dies in mid job', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const hub = await cli.startHub()
    const url = await hubAddress(cli.data)
    const token = await cli.run(['tokens', 'create', 'w1', '--scope', 'worker'])
    const tokenFile = join(cli.home, 'worker.token')
    await writeFile(tokenFile, token.stdout)
    const place = ['--hub', url, '--token-file', tokenFile, '--data', join(cli.home, 'w1')]
    const offer = ['--sandbox', 'none', '--allow-local', '--label', 'linux', '--name', 'w1']
    const worker = cli.start(['worker', ...place, ...offer])
    await worker.printed(/NO SANDBOX/)
    const go = join(cli.home, 'go')
    const wait = `echo waiting; until test -e ${go}; do sleep 0.05; done; echo done > file`
    const follower = cli.start(job(remote, wait, '--label', 'linux'))
    await follower.printed(/waiting/)
    await hub.stop('SIGKILL')
    await writeFile(go, '')
    const again = cli.start(['hub', '--port', new URL(url).port])
    await again.printed(/hub on http/)
    const { code, stdout } = await follower.end
    expect(stdout).toContain('succeeded')
    expect(code).toBe(0)
    expect((await cli.run(['workers'])).stdout).toMatch(
      /^w1 {2}0 of \d+ slots? busy[^]* sandbox +none\n +system +linux\n +labels +linux\n/,
    )
    expect((await worker.stop()).code).toBe(0)
  })

  it('need a token: a worker without one does not start', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const url = (await hubAddress(cli.data)).replace('127.0.0.1', 'localhost')
    const worker = cli.start(['worker', '--hub', url, '--sandbox', 'none'])
    const { code, stdout, stderr } = await worker.end
    expect(code).toBe(5)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/no token for the hub[^]*--token-file[^]*tokens create <name> --scope/)
  })

  it('find each other on one machine without being told', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const worker = cli.start(['worker', '--sandbox', 'none', '--allow-local'])
    await worker.printed(/NO SANDBOX/)
    const { remote } = await makeRemote(join(cli.home, 'git'))
    expect(await cli.run(job(remote, 'true'))).toMatchObject({ code: 0 })
  })

  it('share no data folder with another worker', async () => {
    const cli = await cliInEmptyHome()
    await cli.startUp()
    const { code, stderr } = await cli.run(['worker', '--sandbox', 'none'])
    expect(code).toBe(9)
    expect(stderr).toMatch(/is in use by process \d+/)
  })
})

describeNeeding(['patience'], 'up', () => {
  it('hands a running job back when it is told twice to stop', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const up = await cli.startUp(['--allow-local'])
    const follower = cli.start(job(remote, 'echo "pid $$"; exec sleep 600'))
    const pid = Number(/pid (\d+)/.exec(await follower.printed(/pid \d+/))?.[1])
    up.process.kill('SIGTERM')
    up.process.kill('SIGINT')
    expect((await up.end).code).toBe(0)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    await cli.startHub()
    expect((await cli.run(['jobs', '--state', 'queued'])).stdout).toContain('handed-back')
    await follower.stop('SIGINT')
  })

  it('lets a running job finish when it is told once', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const up = await cli.startUp(['--allow-local'])
    const go = join(cli.home, 'go')
    const wait = `echo working; until test -e ${go}; do sleep 0.05; done; echo x > file`
    const follower = cli.start(job(remote, wait))
    await follower.printed(/working/)
    up.process.kill('SIGTERM')
    // As with one Ctrl-C under npm, which forwards the signal that the terminal sends to both.
    up.process.kill('SIGTERM')
    await up.printed(/waiting for 1 job/)
    await writeFile(go, '')
    expect((await up.end).code).toBe(0)
    await cli.startHub()
    expect((await cli.run(['jobs'])).stdout).toContain('patch-ready')
    await follower.stop('SIGINT')
  })

  it('prints where it is and what to do next in at most three lines', async () => {
    const cli = await cliInEmptyHome()
    const up = await cli.startUp()
    const { stdout } = await up.stop()
    const lines = stdout.trim().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(/on http:\/\/127\.0\.0\.1:\d+ · data /)
    expect(lines[1]).toContain('agents: command')
    expect(lines[2]).toMatch(/next: npm --prefix \S+ run millwright -- submit .* -- <program>$/)
  })
})

describeNeeding(['patience'], 'gc', () => {
  it('says what would go before it goes, and how much disk that frees', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const up = await cli.startUp(['--allow-local', '--keep-jobs', '1', '--keep-logs', '1'])
    await cli.run(job(remote, 'echo hello > new.txt'))
    const young = await cli.run(['gc', '--dry-run'])
    expect(young.stdout).toBe('nothing to delete\n')
    await up.stop('SIGTERM')
  })
})

describe('a job from the command line that does not succeed', () => {
  it('fails with exit code 1 when a check does not pass, and keeps the work', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const { code, stdout } = await cli.run(
      job(remote, 'echo new > file', '--max-failures', '1', '--check', 'never=false'),
    )
    expect(code).toBe(1)
    expect(stdout).toContain('check-failed')
    const artifacts = await cli.run(['artifacts', 'list', stdout.slice(0, 12)])
    expect(artifacts.stdout).toContain('change.patch')
  })

  it('ends with exit code 4 when it is cancelled while it runs', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const follower = cli.start(job(remote, 'echo working; sleep 600'))
    const id = (await follower.printed(/working/)).slice(0, 12)
    expect((await cli.run(['cancel', id])).stdout).toContain('is being stopped')
    expect((await follower.end).code).toBe(4)
  })
})
