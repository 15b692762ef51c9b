import { createServer } from 'node:http'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cliInEmptyHome } from '../support/cli.ts'
import { byHand, makeRemote } from '../support/repository.ts'

/** A message for each mistake that needs no hub: what is typed, and what is printed. */
const MISTAKES: readonly (readonly [mistake: string, typed: string, printed: RegExp])[] = [
  ['another word for a command', 'stop 1234', /no command "stop"\. Did you mean cancel\?\n/],
  ['"kill" for "cancel"', 'kill 1234', /Did you mean cancel\?\n/],
  ['"ls" for "jobs"', 'ls', /Did you mean jobs\?\n/],
  ['a typo of a command', 'jbos', /no command "jbos"\. Did you mean jobs\?\n/],
  [
    'speaking to an agent',
    'say hello',
    /stop the job with "cancel", .* continue it with "retry" and --prompt/,
  ],
  ['a command without its prompt', 'submit --repo /x', /See: .* run millwright -- submit --help/],
  [
    'a URL without https',
    'submit --repo github.com/you/app x',
    /github\.com\/you\/app: no such folder in .*\. Did you mean https:\/\/github\.com\/you\/app\?\n/,
  ],
  ['a folder that is missing', 'submit --repo app x', /app: no such folder.*the whole URL/],
  [
    'a file that is missing',
    'submit --file job.json',
    /Cannot read job\.json: it does not exist\n/,
  ],
  ['a folder for a file', 'submit --file .', /Cannot read \.: it is a folder\n/],
  ['an input that is missing', 'submit --repo h:x --input no x', /no: it does not exist\n/],
  ['a backup that is missing', 'restore /nowhere', /There is no folder \/nowhere\.\n/],
  ['a folder that is no backup', 'restore .', /is not a complete backup: it has no manifest\.json/],
  [
    'a port without a hub',
    'jobs --hub http://127.0.0.1:48721',
    /not responding: no program listens/,
  ],
  ['a port no client calls', 'jobs --hub http://127.0.0.1:1', /HTTP clients do not connect to/],
  ['a host without a name', 'jobs --hub https://hub.invalid', /the host name cannot be resolved/],
  [
    'no hub',
    'jobs',
    /No hub is running[^]*start a hub with: npm --prefix \S+ run millwright -- up\n$/,
  ],
]

describe('a mistake', () => {
  it.each(MISTAKES)('is answered with what to type next: %s', async (_, typed, printed) => {
    const cli = await cliInEmptyHome()
    const { code, stdout, stderr } = await cli.run(typed.split(' '))
    expect(code).toBeGreaterThan(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(printed)
    expect(stderr).not.toMatch(/ENOENT|EISDIR|ECONN|ENOTFOUND|bad port/)
  })

  it('leaves nothing behind when a hub may not listen on an address', async () => {
    const cli = await cliInEmptyHome()
    const { code, stderr } = await cli.run(['hub', '--host', '0.0.0.0'])
    expect({ code, stderr }).toEqual({
      code: 9,
      stderr: expect.stringMatching(
        /^millwright: Other machines could reach the address 0\.0\.0\.0/,
      ),
    })
    expect(existsSync(cli.data)).toBe(false)
  })

  it('is a port on which another program answers, and nothing follows an empty answer', async () => {
    const server = createServer((_, response) => response.writeHead(404).end())
    onTestFinished(() => void server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : ''
    const cli = await cliInEmptyHome()
    const { stderr } = await cli.run(['jobs', '--hub', `http://127.0.0.1:${port}`])
    expect(stderr).toContain('is not a Millwright hub; it sent status 404\n')
  })

  it('with a job in it is answered with a command for that job', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const job = ['submit', '--repo', 'https://git.example/app', '--agent', 'command', '--json', 'x']
    const { id } = JSON.parse((await cli.run([...job, '--', 'true'])).stdout)
    await cli.run(['cancel', id])
    expect((await cli.run(['resume', id])).stderr).toMatch(new RegExp(` retry ${id}\n$`))
  })
})

describe('a submission of a local folder', () => {
  const submitted = ['submit', '--agent', 'command', 'x', '--repo']

  it('warns of changes that are not committed, with their number and names', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const { clone: work } = await makeRemote(cli.home)
    const send = () => cli.run([...submitted, '.', '--', 'true'], { cwd: work })
    expect(await send()).toMatchObject({ code: 0, stderr: expect.not.stringContaining('commit') })
    await writeFile(join(work, 'a new.txt'), 'x')
    await writeFile(join(work, 'b.txt'), 'x')
    expect(await send()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(
        `The job will not include the uncommitted changes in ${work}: 2 files (a new.txt, b.txt). To include them, commit them and submit again\n`,
      ),
    })
  })

  it('warns of a folder that is no repository, or not its top folder', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const { clone: work } = await makeRemote(cli.home, { 'src/a.js': 'a\n' })
    const send = (repo: string) => cli.run([...submitted, repo, '--', 'true'])
    expect((await send(join(work, 'src'))).stderr).toContain(
      `${work}/src is not the top folder of a git repository; did you mean --repo ${work}?\n`,
    )
    expect((await send(cli.home)).stderr).toContain(`${cli.home} is not a git repository\n`)
    for (const top of [work, join(work, '.git')]) {
      expect((await send(top)).stderr).not.toContain('git repository')
    }
  })

  it('names changed files without their escape sequences', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const { clone: work } = await makeRemote(cli.home)
    await writeFile(join(work, 'a\u001B[31m\nb.txt'), 'x')
    const { stderr } = await cli.run([...submitted, '.', '--', 'true'], { cwd: work })
    expect(stderr).toContain(`uncommitted changes in ${work}: 1 file (a b.txt).`)
  })

  it('runs no program that the settings of the repository name', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const { clone: work } = await makeRemote(cli.home, {
      '.gitattributes': '* filter=x\n',
      'README.md': 'hello\n',
    })
    const hook = join(cli.home, 'hook')
    await writeFile(hook, `#!/bin/sh\ntouch ${cli.home}/ran-hook\n`, { mode: 0o755 })
    await byHand(work, 'config', 'filter.x.clean', `touch ${cli.home}/ran-filter; cat`)
    await byHand(work, 'config', 'core.fsmonitor', hook)
    await writeFile(join(work, 'README.md'), 'HELLO\n')
    const end = await cli.run([...submitted, '.', '--', 'true'], { cwd: work })
    expect(end).toMatchObject({ code: 0, stderr: expect.not.stringContaining('uncommitted') })
    await byHand(work, 'config', '--unset', 'filter.x.clean')
    const warned = await cli.run([...submitted, '.', '--', 'true'], { cwd: work })
    expect(warned.stderr).toContain('1 file (README.md)')
    expect((await readdir(cli.home)).filter((name) => name.startsWith('ran-'))).toEqual([])
  })

  it('warns of a folder that is not on this machine', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const { code, stderr } = await cli.run([...submitted, '/nope', '--', 'true'])
    expect({ code, stderr: `${stderr.split('\n')[0]}\n` }).toEqual({
      code: 0,
      stderr:
        'There is no folder /nope on this machine; only a worker that has it can run the job\n',
    })
  })
})

describe('a client that waits', () => {
  it('finds its hub again when it was restarted on another port', async () => {
    const cli = await cliInEmptyHome()
    const first = await cli.startHub()
    const job = ['submit', '--wait', '--repo', 'https://git.example/app', '--agent', 'command']
    const follower = cli.start([...job, 'x', '--', 'true'])
    const id = /^[0-9a-f]{12}/.exec(await follower.printed(/The job is waiting/))?.[0] ?? ''
    await first.stop('SIGKILL')
    await follower.printed(/retrying until the hub answers/)
    await cli.startHub()
    await cli.run(['cancel', id])
    const { code, stdout } = await follower.end
    expect(code).toBe(4)
    expect(stdout).toContain('cancelled')
  })
})
