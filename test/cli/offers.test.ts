// What workers offer decides who gets a job, and a job that nobody can run says so.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, hubAddress, pathWithOnly } from '../support/cli.ts'
import { makeRemote } from '../support/repository.ts'

const NO_LOCAL = 'no worker accepts local repositories'

async function aRemote(cli: Cli): Promise<string> {
  return (await makeRemote(join(cli.home, 'git'))).remote
}

/** A job whose agent changes one file. */
function job(repository: string, ...flags: readonly string[]): readonly string[] {
  const command = ['Do it', '--', 'sh', '-c', 'echo done > file']
  return ['submit', '--repo', repository, '--agent', 'command', ...flags, ...command]
}

describe('a job with a local repository', () => {
  it('waits when no worker accepts it, and every display names the cure', async () => {
    const cli = await cliInEmptyHome()
    const remote = await aRemote(cli)
    await cli.startUp()

    const submitted = await cli.run(job(remote))
    expect(submitted).toMatchObject({ code: 0, stdout: expect.stringMatching(/queued: Do it/) })
    expect(submitted.stderr).toMatch(/no worker accepts local .* up --allow-local/)
    const id = submitted.stdout.slice(0, 12)
    const shown = (await cli.run(['show', id])).stdout
    expect(shown).toMatch(/waiting +no worker accepts local .* up --allow-local/)
    expect((await cli.run(['jobs'])).stdout).toContain(NO_LOCAL)
  })

  it('is done once a worker accepts it', async () => {
    const cli = await cliInEmptyHome()
    const remote = await aRemote(cli)
    const up = await cli.startUp()
    const follower = cli.start(job(remote, '--wait'))
    await follower.printed(/The job is waiting: no worker accepts local .* up --allow-local/)
    const { port } = new URL(await hubAddress(cli.data))
    expect((await up.stop()).code).toBe(0)
    await cli.startUp(['--allow-local', '--port', port])
    expect((await follower.end).code).toBe(0)
  })
})

describe('submit', () => {
  it('warns about a label that no worker has, and about another operating system', async () => {
    const cli = await cliInEmptyHome()
    const remote = await aRemote(cli)
    await cli.startUp(['--allow-local'])
    const labeled = await cli.run(job(remote, '--label', 'gpu'))
    expect(labeled.code).toBe(0)
    expect(labeled.stderr).toMatch(
      /no worker has the label gpu; restart .* worker --hub <url> --token-file <file> --label gpu/,
    )
    const elsewhere = await cli.run(job(remote, '--label', 'os:plan9', '--json'))
    expect(elsewhere.stderr).toContain('no worker offers os:plan9; to see what each worker offers')
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ state: 'queued', labels: ['os:plan9'] })
  })

  it('gives a job to a worker on the operating system that it asks for', async () => {
    const cli = await cliInEmptyHome()
    const remote = await aRemote(cli)
    await cli.startUp(['--allow-local'])
    const { code, stderr } = await cli.run(
      job(remote, '--wait', '--label', `os:${process.platform}`, '--label', 'sandbox:none'),
    )
    expect(stderr).not.toContain('waiting')
    expect(code).toBe(0)
  })

  it('finds the worker of an `up` that has just said that it is ready', async () => {
    const cli = await cliInEmptyHome()
    const remote = await aRemote(cli)
    await cli.startUp(['--allow-local'])
    expect((await cli.run(job(remote))).stderr).toBe('')
  })
})

describe('workers', () => {
  it('shows what each of them offers', async () => {
    const cli = await cliInEmptyHome()
    const PATH = await pathWithOnly(cli.home, ['git', 'sh', 'node'])
    const key = { OPENAI_API_KEY: 'sk-none' }
    await cli.startUp(['--allow-local', '--label', 'gpu', '--name', 'anvil'], {
      env: { PATH, ...key },
    })
    const { stdout } = await cli.run(['workers'])
    expect(stdout).toMatch(/^anvil {2}0 of \d+ slots? busy · seen .* ago · version /)
    const rows = stdout.split('\n').slice(1, -1)
    expect(rows.map((row) => row.trim().split(/ {2,}/))).toEqual([
      ['agents', 'builtin, command'],
      ['models', 'openai'],
      ['generators', 'command'],
      ['local repositories', 'yes'],
      ['sandbox', 'none'],
      ['system', process.platform],
      ['labels', 'gpu'],
      ['kinds', 'code, generate'],
    ])
  })
})

describe('a worker without git', () => {
  it('does not start, and says what is missing', async () => {
    const cli = await cliInEmptyHome()
    const PATH = await pathWithOnly(cli.home, ['sh', 'node'])
    const flags = ['--port', '0', '--sandbox', 'none']
    const { code, stderr } = await cli.run(['up', ...flags], { env: { PATH } })
    expect(code).not.toBe(0)
    expect(stderr).toContain(`cannot start git: git is missing or fails; PATH is ${PATH}`)
  })
})
