import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, type CliEnd, pathWithOnly } from '../support/cli.ts'
import { startGitServer } from '../support/git-server.ts'
import { describeNeeding } from '../support/needs.ts'
import { makeRemote } from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { startSshServer } from '../support/ssh-server.ts'

/** Submits and follows to the end; one failure is enough. */
const submit = (cli: Cli, ...args: readonly string[]): Promise<CliEnd> => {
  const agent = args.includes('--agent') ? [] : ['--agent', 'command']
  const program = args.includes('--') || args.includes('--agent') ? [] : ['--', 'true']
  return cli.run(['submit', '--wait', '--max-failures', '1', ...agent, ...args, ...program])
}

describeNeeding(['patience'], 'a request that cannot be right', () => {
  it.each([
    ['no repository', ['submit', 'Fix'], /needs --repo/],
    ['no prompt', ['submit', '--repo', '/x'], /needs a prompt/],
    [
      'an agent without its program',
      ['submit', '--repo', '/x', '--agent', 'command', 'x'],
      /two dashes/,
    ],
    ['a program without its agent', ['submit', '--repo', '/x', 'x', '--', 'sh'], /--agent command/],
    [
      'an unknown agent',
      ['submit', '--repo', '/x', '--agent', 'claude', 'x'],
      /--agent: "claude" is not one of builtin, codex, command; .* command.*docs\/agents\.md/,
    ],
    [
      'a program for a retry',
      ['retry', '1234', '--', 'sh'],
      /The command "retry" does not accept a program after --/,
    ],
    ['a check of nothing', ['submit', '--repo', '/x', '--check', 'a= ', 'x'], /name=/],
    ['a check without a name', ['submit', '--repo', '/x', '--check', 'npm test', 'x'], /name=/],
    ['a missing file', ['submit', '--file', 'job.json'], /Cannot read job\.json/],
    [
      'a flag of any job next to a file',
      ['submit', '--file', '-', '--lock', 'k'],
      /--lock cannot be combined with --file/,
    ],
    [
      'a prompt next to a file',
      ['submit', '--file', '-', 'Fix it'],
      /the prompt cannot be combined with --file/,
    ],
    [
      'a program next to a file',
      ['submit', '--file', '-', '--', 'sh'],
      /the program cannot be combined with --file/,
    ],
    [
      'flags next to a file',
      ['submit', '--file', '-', '--repo', '/x'],
      /--repo cannot be combined with --file/,
    ],
    [
      'a misspelled kind',
      ['submit', 'coed', '--repo', '/x'],
      /no kind of job named "coed"\. Did you mean code\?/,
    ],
    [
      'a start time that is not a time',
      ['submit', '--not-before', 'soon', '--repo', '/x', 'x'],
      /is not a time/,
    ],
    [
      'a limit that is not a number',
      ['submit', '--repo', '/x', '--wall-ms', 'long', 'x'],
      /--wall-ms/,
    ],
    [
      'a priority that is not a number',
      ['submit', '--repo', '/x', '--priority', 'abc', 'x'],
      /--priority: "abc" is not a number/,
    ],
    [
      'a number that is not whole',
      ['submit', '--repo', '/x', '--priority', '1.5', 'x'],
      /--priority: 1\.5 is not a whole number/,
    ],
    [
      'a number that is too large',
      ['submit', '--repo', '/x', '--wall-ms', '999999999999999999', 'x'],
      /--wall-ms: 1000000000000000000 is too large; the maximum is 604800000\n/,
    ],
    [
      'a page that is too long',
      ['jobs', '--limit', '201'],
      /--limit: 201 is too large; the maximum is 200/,
    ],
    ['a port that is not a number', ['up', '--port', 'http'], /--port: "http" is not a number/],
    [
      'a branch that we do not take',
      ['submit', '--repo', '/x', '--branch', 'feat..x', 'x'],
      /--branch: "feat\.\.x": git does not allow this name/,
    ],
    ['an empty prompt', ['submit', '--repo', '/x', ''], /The prompt is empty/],
    ['a missing folder', ['submit', '--repo', 'nowhere', 'x'], /nowhere: no such folder in /],
    ['a list from a time that is not a time', ['jobs', '--from', 'yesterday'], /is not a time/],
    [
      'a token over plain HTTP',
      ['jobs', '--hub', 'http://hub.example:7373'],
      /hub\.example is not this machine[^]*--allow-http/,
    ],
  ])('is refused before any hub is asked: %s', async (_, args, words) => {
    const cli = await cliInEmptyHome()
    const { code, stderr, stdout } = await cli.run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
  })

  it('is refused with its source, the field and the near miss', async () => {
    const cli = await cliInEmptyHome()
    const payload = { repository: '/x', prompt: 'x', agent: { name: 'codex' } }
    const cases = [
      [{ kind: 'code2', payload }, /kind: there is no kind "code2"; did you mean code\?/],
      [{ kind: 'code', payload: { ...payload, chekcs: [] } }, /"chekcs"; did you mean checks\?/],
      [
        { kind: 'code', payload: { ...payload, ref: '-f' } },
        /payload\.ref: "-f": git does not allow this name/,
      ],
      [{ kind: 'code', payload: { ...payload, repository: undefined } }, /payload\.repository/],
      [{ kind: 'code', payload: { ...payload, repository: 'https://u:p@h/x' } }, /password/],
      [{}, /kind is missing; payload is missing\.\n/],
      [
        { kind: 'code', payload: { ...payload, agent: { name: 'command' } } },
        /payload\.agent\.run is missing/,
      ],
      [{ kind: 'code', payload, priorty: 1 }, /did you mean priority\?/],
      [
        { kind: 'code', payload: { ...payload, agent: { name: 'claude' } } },
        /payload\.agent\.name: "claude" is not one of .*; the agent command .*docs\/agents\.md/,
      ],
      [
        { kind: 'code', payload: { ...payload, agent: {} } },
        /payload\.agent\.name is missing: use one of builtin, codex, command\.\n/,
      ],
    ] as const
    for (const [job, words] of cases) {
      const end = await cli.run(['submit', '--file', '-'], { stdin: JSON.stringify(job) })
      expect(end).toMatchObject({ code: 2, stdout: '' })
      expect(end.stderr).toMatch(words)
      expect(end.stderr).toMatch(/Nothing was submitted\.\n  stdin: [^]*See: .* submit --help/)
    }
    const text = await cli.run(['submit', '--file', '-'], { stdin: 'not json' })
    expect(text).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('stdin does not contain valid JSON: '),
    })
    const stdin = JSON.stringify({ kind: 'code', payload, inputs: 5 })
    const five = await cli.run(['submit', '--file', '-', '--input', '.'], { stdin })
    expect(five).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('stdin: inputs: 5 is not a list'),
    })
  })
})

describeNeeding(['patience'], 'a job that cannot be done', () => {
  it('says which repository or ref is missing, and what to try', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const gone = await submit(cli, '--repo', join(cli.home, 'nowhere.git'), 'Fix')
    expect(gone.code).toBe(1)
    expect(gone.stdout).toMatch(/repository-not-found[\s\S]*next: check the URL[\s\S]*nowhere\.git/)
    const ref = await submit(cli, '--repo', remote, '--ref', 'mian', 'Fix')
    expect(ref.code).toBe(1)
    expect(ref.stdout).toMatch(
      /ref-not-found[^]*next: start from another ref[^]*has no branch or tag mian/,
    )
    const option = await submit(cli, '--repo', remote, '--ref=-f', 'Fix')
    expect(option).toMatchObject({ code: 2, stdout: '' })
    expect(option.stderr).toMatch(/--ref: "-f": git does not allow this name/)
  })

  it('says that a remote is unreachable, or asks for another login', async () => {
    const cli = await cliInEmptyHome()
    const git = join(cli.home, 'git')
    await makeRemote(git)
    const open = await startGitServer(git)
    const locked = await startGitServer(git, { login: true })
    const rule = `${locked.url.replace('//', '//stranger@')}/remote.git=env:GIT_PASSWORD`
    await cli.startUp(['--git-credential', rule], { env: { GIT_PASSWORD: PASSWORD } })
    await open.close()
    const cases = [
      [`${open.url}/remote.git`, /repository-unreachable[^]*next: check the network and the URL/],
      [`${locked.url}/other.git`, /\(401\)[^]*next: configure a valid git credential/],
      [`${locked.url}/remote.git`, /\(403\)[^]*next: grant the credential the access/],
    ] as const
    for (const [repository, reason] of cases) {
      const end = await submit(cli, '--repo', repository, '--outage-ms', '0', 'Fix')
      expect([end.code, end.stdout]).toEqual([1, expect.stringMatching(reason)])
      expect(end.stdout).toContain(repository)
      expect(end.stdout).not.toContain(PASSWORD)
    }
  })

  it('says which program is not installed, and how to get it', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const { code, stdout } = await submit(cli, '--repo', remote, 'Fix', '--', 'no-such-agent')
    expect(code).toBe(1)
    expect(stdout).toMatch(/agent-not-installed[^]*next: install[^]*no-such-agent/)
  })

  it.each([
    ['codex', 'install it with: npm install -g @openai/codex@0.169.0'],
    ['builtin', 'restart a worker with ANTHROPIC_API_KEY'],
  ])('says that no worker here has the agent %s, and how to get it', async (agent, cure) => {
    const cli = await cliInEmptyHome()
    const PATH = await pathWithOnly(cli.home, ['git', 'sh', 'node'])
    await cli.startUp([], { env: { PATH } })
    const job = ['--repo', 'https://host.example/a', '--agent', agent, 'Fix']
    const said = await cli.start(['submit', '--wait', ...job]).printed(/The job is waiting: .*/)
    expect(said).toContain(`no worker offers the agent ${agent}; ${cure}`)
  })
})

describeNeeding(['sshd'], 'a repository on an ssh host that nobody has met', () => {
  it('is not read, and the host and the file that would know it are named', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const ssh = await startSshServer()
    await cli.startUp()
    const { code, stdout } = await submit(cli, '--repo', ssh.address(remote), 'Fix')
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /host-key-unknown[^]*next: add the host’s key to known_hosts[^]*127\.0\.0\.1/,
    )
  })
})

describeNeeding(['patience'], 'a worker without a sandbox', () => {
  it('does not start, and names the package and the flag', async () => {
    const cli = await cliInEmptyHome()
    const PATH = await pathWithOnly(cli.home, ['git', 'sh', 'node'])
    const { code, stderr } = await cli.run(['up', '--port', '0'], { env: { PATH } })
    expect(code).toBe(9)
    expect(stderr).toContain('apt-get install bubblewrap')
    expect(stderr).toContain('--sandbox none')
  })

  it('is said loudly when it was asked for, and shown on each job', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const up = await cli.startUp(['--allow-local'])
    expect(await up.printed(/NO SANDBOX/)).toContain('NO SANDBOX')
    const { stdout } = await submit(cli, '--repo', remote, 'Fix')
    const id = /^[0-9a-f]{12}/.exec(stdout)?.[0] ?? ''
    expect((await cli.run(['show', id])).stdout).toContain('none: the agent is not confined')
  })

  it('needs its credentials to be there', async () => {
    const cli = await cliInEmptyHome()
    const args = ['up', '--port', '0', '--sandbox', 'none']
    const rule = ['--git-credential', 'https://git.example/=env:NOT_SET']
    const { code, stderr } = await cli.run([...args, ...rule])
    expect(code).toBe(2)
    expect(stderr).toContain('NOT_SET')
  })

  it('does not start without its replay file', async () => {
    const cli = await cliInEmptyHome()
    const args = ['up', '--port', '0', '--sandbox', 'none', '--replay', 'nowhere.json']
    const { code, stderr } = await cli.run(args)
    expect(code).toBe(2)
    expect(stderr).toContain('nowhere.json')
  })
})
