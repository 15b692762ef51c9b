import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { cliInEmptyHome, PROGRAM } from '../support/cli.ts'

const run = promisify(execFile)
const CLONE = dirname(dirname(PROGRAM))

/** What npm sets for a script of a package, started in a folder. */
const underNpm = (root: string, startedIn: string) => ({
  npm_lifecycle_event: 'millwright',
  npm_package_json: join(root, 'package.json'),
  INIT_CWD: startedIn,
})

describe('where the person stands', () => {
  it('is the folder in which npm was started, and hints print a command that works there', async () => {
    const cli = await cliInEmptyHome()
    await copyFile(join(CLONE, 'examples/many/job.json'), join(cli.home, 'job.json'))
    const { stdout, stderr } = await cli.run(['submit', '--file', 'job.json'], {
      cwd: CLONE,
      env: underNpm(CLONE, cli.home),
    })
    expect({ stdout, stderr }).toEqual({
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `No hub is running[^]*start a hub with: npm --prefix ${CLONE} run millwright -- up`,
        ),
      ),
    })
  })

  it('is the clone itself for a person in the clone, whose commands are the short ones', async () => {
    const cli = await cliInEmptyHome()
    const end = await cli.run(['jobs'], { cwd: CLONE, env: underNpm(CLONE, CLONE) })
    expect(end.stderr).toContain(' with: npm run millwright -- up')
  })

  it('is the folder of a script of another package that calls the program', async () => {
    const cli = await cliInEmptyHome()
    const own = join(cli.home, 'own')
    await mkdir(own)
    await writeFile(join(own, 'job.json'), 'not json')
    const { stderr } = await cli.run(['submit', '--file', 'job.json'], {
      cwd: own,
      env: underNpm(own, '/'),
    })
    expect(stderr).toContain('job.json does not contain')
  })

  it('has a command `millwright` when the person has linked one', async () => {
    const cli = await cliInEmptyHome()
    const link = join(cli.home, 'millwright')
    await symlink(PROGRAM, link)
    const { stderr } = await run(process.execPath, [link, 'jobs'], {
      cwd: cli.home,
      env: { HOME: cli.home },
    }).catch((error: { stderr: string }) => error)
    expect(stderr).toContain('start a hub with: millwright up')
  })
})

describe('a home that is no absolute path', () => {
  it.each([
    ['a relative XDG_DATA_HOME', { XDG_DATA_HOME: 'rel', XDG_CONFIG_HOME: 'rel' }],
    ['a relative XDG_CACHE_HOME', { XDG_CACHE_HOME: 'rel' }],
  ])('is ignored when it is %s', async (_, env) => {
    const cli = await cliInEmptyHome()
    const { stdout } = await cli.run(['config', 'show'], { env })
    expect(stdout).toMatch(new RegExp(`^data +${cli.data} `, 'm'))
    expect(stdout).toContain(`file: none (${join(cli.home, '.config')}`)
  })

  it('is replaced by the one of the account when HOME is empty', async () => {
    const cli = await cliInEmptyHome()
    const { stdout } = await cli.run(['config', 'path'], { env: { HOME: '' } })
    expect(stdout).toMatch(/^\/.*config\.yaml$/m)
  })
})

describe('the entry file', () => {
  it('may be executed as git checks it out, so that installing the clone changes nothing', async () => {
    const { stdout } = await run('git', ['ls-files', '--stage', 'bin/millwright.js'], {
      cwd: CLONE,
    })
    expect(stdout).toMatch(/^100755 /)
  })

  it('advises a person with an old Node of a command that calls it, quoted for a shell', async () => {
    const cli = await cliInEmptyHome()
    // The same text with another version to compare with, because no older Node is at hand.
    const text = await readFile(PROGRAM, 'utf8')
    const program = join(cli.home, 'clone', 'bin', 'millwright.js')
    await mkdir(dirname(program), { recursive: true })
    await writeFile(join(cli.home, 'clone', 'package.json'), '{"type":"module"}')
    await writeFile(program, text.replace('needed = [24, 12]', 'needed = [99, 0]'))
    const call = () =>
      run(process.execPath, [program, 'jobs', '--text', "it's"]).catch(
        (error: { code: number; stderr: string }) => error,
      )
    expect(await call()).toMatchObject({
      code: 78,
      stderr: expect.stringContaining(
        `or run: npx -p node@99 node ${program} jobs --text 'it'\\''s'\n`,
      ),
    })
    await mkdir(join(cli.home, 'clone', 'src'))
    await writeFile(join(cli.home, 'clone', 'src', 'main.ts'), '')
    expect((await call()).stderr).toContain(
      `or run: npm --prefix ${join(cli.home, 'clone')} run millwright -- jobs --text`,
    )
  })
})

describe('times and sizes on the command line', () => {
  it('are written as people write them, and the help says so', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const job = 'submit --repo https://git.example/app --agent command --json'
    const limits = '--wall-ms 1h30m --idle-ms 90000 --output-bytes 2MB'
    const { stdout } = await cli.run(`${job} ${limits} x -- true`.split(' '))
    expect(JSON.parse(stdout).limits).toMatchObject({
      wallMs: 5_400_000,
      idleMs: 90_000,
      outputBytes: 2_000_000,
    })
    const help = (await cli.run(['submit', '--help'])).stdout.replaceAll(/\s+/g, ' ')
    expect(help).toContain('--wall-ms <time>')
    expect(help).toContain('in milliseconds, or as 10m, 1h30m (default: 1h)')
  })

  it('are refused with what is accepted', async () => {
    const cli = await cliInEmptyHome()
    const job = ['submit', '--repo', 'https://git.example/app', 'x']
    expect((await cli.run([...job, '--wall-ms', 'soon'])).stderr).toContain(
      '--wall-ms: "soon" is not a duration: write 10m, 1h30m, 500ms or a number of milliseconds',
    )
    expect((await cli.run([...job, '--output-bytes', '2G'])).stderr).toContain(
      '--output-bytes: "2G" is not a size: write 2GB, 64MiB or a number of bytes',
    )
  })
})

describe('the log of a hub', () => {
  it('is JSON where no person reads it, and lines for people when they ask', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    const { stderr } = await hub.stop()
    expect(JSON.parse(stderr.split('\n')[0] ?? '')).toMatchObject({ level: 'info' })
    const text = await cli.startHub(['--log-format', 'text'])
    expect((await text.stop()).stderr).toMatch(/^\d\d:\d\d:\d\d {2}the hub listens/m)
  })
})
