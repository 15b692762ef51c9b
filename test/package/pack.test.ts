import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cliInEmptyHome } from '../support/cli.ts'
import { describeNeeding, oldNode } from '../support/needs.ts'
import { familyOf, stillRunning } from '../support/processes.ts'
import { makeRemote } from '../support/repository.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)

describeNeeding(['downloads'], 'the package made by npm pack', () => {
  let folder: string
  let program: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millwright-pack-'))
    await run(process.execPath, ['scripts/build.ts'], { cwd: ROOT })
    await run('npm', ['pack', join(ROOT, 'dist'), '--pack-destination', folder], { cwd: folder })
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? 'none was made'
    await run(
      'npm',
      ['install', '--prefix', folder, '--no-audit', '--ignore-scripts', join(folder, tarball)],
      { cwd: folder },
    )
    program = join(folder, 'node_modules', 'millwright', 'bin', 'millwright.js')
  }, 180_000)

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('holds plain JavaScript and a manifest of its own', async () => {
    const installed = join(folder, 'node_modules', 'millwright')
    const names = await readdir(installed, { recursive: true })
    expect(names.filter((name) => name.endsWith('.ts'))).toEqual([])
    expect(await readFile(join(installed, 'package.json'), 'utf8')).not.toMatch(/dependencies/i)
  })

  it('holds its dependencies and their licenses, and installs nothing beside itself', async () => {
    const names = await readdir(join(folder, 'node_modules'))
    expect(names.filter((name) => !name.startsWith('.'))).toEqual(['millwright'])
    const installed = join(folder, 'node_modules', 'millwright')
    const licenses = await readFile(join(installed, 'THIRD-PARTY-LICENSES'), 'utf8')
    for (const name of ['ai', 'fastify', 'pg', 'zod']) {
      expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(.*\\)$`, 'm'))
    }
    const [, ...texts] = licenses.split(`\n${'-'.repeat(80)}\n`)
    for (const text of texts) expect(text).toMatch(/permission|licensed under|terms/i)
  })

  it('answers its version and the help of a command', async () => {
    const cli = await cliInEmptyHome(program)
    const manifest = await readFile(join(ROOT, 'package.json'), 'utf8')
    const { stdout } = await cli.run(['--version'])
    expect(manifest).toContain(`"version": "${stdout.trim()}"`)
    const help = await cli.run(['up', '--help'])
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--slots') })
  })

  it('runs a whole job in an empty folder', async () => {
    const { stdout } = await run(process.execPath, [program, 'demo'], {
      cwd: folder,
      env: { HOME: folder, PATH: process.env['PATH'] },
      timeout: 120_000,
    })
    expect(stdout).toMatch(/succeeded/)
  }, 120_000)

  it('keeps a lease for longer than it lasts, and leaves nothing when it is killed', async () => {
    const cli = await cliInEmptyHome(program)
    const up = await cli.startUp(['--allow-local', '--lease-ms', '2000'])
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const submit = (seconds: number) => {
      const command = ['--agent', 'command', 'Do it', '--', 'sh', '-c', `echo up; sleep ${seconds}`]
      return cli.start(['submit', '--wait', '--repo', remote, ...command])
    }
    const { code, stdout } = await submit(5).end
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no-change'),
    })
    const { job } = await cli.show(stdout.slice(0, 12))
    expect(job.attempt).toBe(1)

    await submit(600).printed(/^up$/m)
    const family = familyOf(up.process.pid)
    await up.stop('SIGKILL')

    expect(family.length).toBeGreaterThan(1)
    await expect.poll(() => stillRunning(family), { timeout: 10_000 }).toEqual([])
  }, 60_000)
})

describeNeeding(['an older Node'], 'an older Node', () => {
  it('is told which Node is needed and how to get it', async () => {
    const failure: unknown = await run(oldNode() ?? '', [
      join(ROOT, 'bin', 'millwright.js'),
      '--version',
    ]).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/needs Node(?:\.js)? 24\.12/),
    })
  })
})

describe('the manifest', () => {
  it('pins every dependency exactly', async () => {
    const manifest = await readFile(join(ROOT, 'package.json'), 'utf8')
    expect(manifest).not.toMatch(/"[~^>]\d/)
  })

  it('brings no dependency with an install script', async () => {
    expect(await readFile(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain(
      'hasInstallScript',
    )
  })
})
