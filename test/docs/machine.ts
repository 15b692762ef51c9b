import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { makeRemote } from '../support/repository.ts'
import { type Cli, cliInEmptyHome, PROGRAM, type RunningCli } from '../support/cli.ts'

/** A machine on which the commands of a page run: an empty HOME, with `millwright` on the PATH. */
export type Machine = {
  readonly cli: Cli
  /** Runs a shell command in HOME. Returns what it prints, with `~` in place of HOME. */
  run(command: string): Promise<string>
}

export async function emptyMachine(): Promise<Machine> {
  const cli = await cliInEmptyHome()
  const bin = join(cli.home, '.bin')
  await mkdir(bin)
  const program = `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`
  await writeFile(join(bin, 'millwright'), program)
  await chmod(join(bin, 'millwright'), 0o755)
  const env = {
    HOME: cli.home,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  }
  const run = (command: string): Promise<string> =>
    new Promise((resolve) => {
      const argv = ['-c', `exec 2>&1; ${command}`]
      execFile('bash', argv, { cwd: cli.home, env, timeout: 60_000 }, (_, stdout) =>
        resolve(asInstalled(stdout.replaceAll(cli.home, '~'))),
      )
    })
  return { cli, run }
}

/** A clone's messages name its own command; those of the package say `millwright`. */
const asInstalled = (text: string): string =>
  text.replaceAll(/npm(?: --prefix \S+)? run millwright --/g, 'millwright')

/** Starts hub and worker. The folder ~/app is a repository with the remote ~/app.git. */
export async function withUp({ cli }: Machine, ...args: readonly string[]): Promise<RunningCli> {
  await makeApp(cli.home)
  return await cli.startUp(['--allow-local', '--name', 'vm', ...args])
}

/** The same with the job files of examples/many in ~. */
export async function withJobs(machine: Machine): Promise<RunningCli> {
  await cp(join(import.meta.dirname, '../../examples/many'), machine.cli.home, { recursive: true })
  return await withUp(machine)
}

/** The same with the example agents in ~, and a script in place of a model. */
export async function withModel(machine: Machine): Promise<RunningCli> {
  await cp(join(import.meta.dirname, '../../examples/agents'), machine.cli.home, {
    recursive: true,
  })
  return await withUp(machine, '--replay', join(import.meta.dirname, 'ask-model.json'))
}

async function makeApp(home: string): Promise<void> {
  const files = { 'README.md': 'A small app.\n', 'greeting.txt': 'helo\n' }
  const { remote, clone } = await makeRemote(join(home, '.app'), files)
  await symlink(remote, join(home, 'app.git'))
  await symlink(clone, join(home, 'app'))
}
