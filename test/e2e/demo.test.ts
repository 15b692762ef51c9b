import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, pathWithOnly } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'

const run = promisify(execFile)

describe('the demo', () => {
  it('fixes a repository with a replayed model and pushes a branch, in an empty home', async () => {
    const cli = await cliInEmptyHome()
    const { code, stdout, stderr } = await cli.run(['demo', '--keep'], {
      env: { TMPDIR: cli.home },
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })

    const folder = /All files of this demo are in (\S+)/.exec(stdout)?.[1] ?? ''
    expect(folder.startsWith(cli.home)).toBe(true)
    expect(stdout).toContain('REPLAYED')
    expect(stdout).toMatch(/run_tests[\s\S]*exit code 1[\s\S]*run_tests[\s\S]*exit code 0/)
    expect(stdout).toContain('check tests passed')
    expect(stdout).toMatch(/^-const PART = .*\n\+const PART = /m)
    expect(stdout).toMatch(/change\.patch\s+\d+ B/)
    expect(stdout).toMatch(/[0-9a-f]{12} succeeded/)

    const branch = /The branch (\S+) of/.exec(stdout)?.[1] ?? ''
    const remote = join(folder, 'remote.git')
    const { stdout: commit } = await run('git', ['--git-dir', remote, 'log', '-1', branch])
    expect(commit).toMatch(/Author: Millwright[\s\S]*Job-Id: \S+\s+Attempt: 1/)
  })
})

const NEEDED = ['git', 'node', 'sh', 'env'] as const

describeNeeding(['patience'], 'the demo on a machine without bubblewrap', () => {
  it('runs unconfined where it may not install it, says so loudly, and how to fix it', async () => {
    const cli = await cliInEmptyHome()
    const PATH = await pathWithOnly(cli.home, NEEDED)
    const { code, stdout } = await cli.run(['demo'], { env: { PATH, TMPDIR: cli.home } })
    expect(code).toBe(0)
    expect(stdout).toMatch(/WITHOUT A SANDBOX[\s\S]*apt-get install bubblewrap/)
    expect(stdout).toContain('NO SANDBOX')
    expect(stdout).toMatch(/[0-9a-f]{12} succeeded/)
  })
})

describeNeeding(['linux', 'root', 'bubblewrap', 'patience'], 'the demo as root on Debian', () => {
  it('installs bubblewrap, with fresh package lists where there are none', async () => {
    const cli = await cliInEmptyHome()
    const PATH = await pathWithOnly(cli.home, [...NEEDED, 'ln', 'touch', 'test', 'true'])
    const { stdout: bwrap } = await run('sh', ['-c', 'command -v bwrap'])
    // Stands for the real one, which would change this machine: it knows no package before `update`.
    const apt = `#!/bin/sh
      if test "$1" = update; then touch ${PATH}/lists; exit; fi
      test -e ${PATH}/lists || { echo "E: Unable to locate package bubblewrap" >&2; exit 100; }
      ln -s ${bwrap.trim()} ${PATH}/bwrap
    `
    await writeFile(join(PATH, 'apt-get'), apt, { mode: 0o755 })
    const { code, stdout, stderr } = await cli.run(['demo'], { env: { PATH, TMPDIR: cli.home } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('installing it with apt-get')
    expect(stdout).toContain('sandbox bubblewrap')
    expect(stdout).not.toContain('WITHOUT A SANDBOX')
  })
})

/** An empty folder for temporary files. */
async function demoFolder({ home }: Cli): Promise<string> {
  const folder = join(home, 'tmp')
  await mkdir(folder)
  return folder
}

describeNeeding(['patience'], 'the demo, when it has ended', () => {
  it('leaves nothing behind', async () => {
    const cli = await cliInEmptyHome()
    const { code, stdout } = await cli.run(['demo'], { env: { TMPDIR: await demoFolder(cli) } })
    expect(code).toBe(0)
    expect(stdout).toContain('demo --keep   (this run deletes its files now)')
    expect(await readdir(join(cli.home, 'tmp'))).toEqual([])
  })

  it('leaves nothing behind after Ctrl-C, and says what happened', async () => {
    const cli = await cliInEmptyHome()
    const demo = cli.start(['demo'], { env: { TMPDIR: await demoFolder(cli) } })
    await demo.printed(/step agent started/)
    const { code, stderr } = await demo.stop('SIGINT')
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'The demo was interrupted.\n' })
    expect(await readdir(join(cli.home, 'tmp'))).toEqual([])
  })

  it('leaves everything to be looked at with --keep, and nothing running', async () => {
    const cli = await cliInEmptyHome()
    const { stdout } = await cli.run(['demo', '--keep'], { env: { TMPDIR: cli.home } })
    const folder = /All files of this demo are in (\S+)/.exec(stdout)?.[1] ?? ''
    const log = await readFile(join(folder, 'log.jsonl'), 'utf8')
    expect(log).toContain('"msg":"hub closed"')
    const hub = cli.start(['hub', '--port', '0', '--data', join(folder, 'data')])
    await hub.printed(/hub on http/)
    const jobs = await cli.run(['jobs', '--data', join(folder, 'data')])
    expect(jobs.stdout).toContain('succeeded')
  })
})
