// What is left ten seconds after a worker was killed: nothing.
import { randomBytes } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { portOwner } from '../support/port-owner.ts'
import type { Process } from '../../src/platform/process-table.ts'
import { type Cli, cliInEmptyHome, hubAddress, type RunningCli } from '../support/cli.ts'
import { aScript } from '../support/gateway.ts'
import { startGitServer } from '../support/git-server.ts'
import { describeNeeding } from '../support/needs.ts'
import { familyOf, memberOf, runningFor, stillRunning, untilMember } from '../support/processes.ts'
import { commitAndPush, makeRemote } from '../support/repository.ts'
import type { GitServer } from '../support/serve-git.ts'

const GONE = { timeout: 10_000 }
const LEASE_MS = 3000

/** Works for ever, and so does its daemon. */
const AGENT = `
  setsid -f sh -c 'trap "" INT TERM HUP; while :; do sleep 1; done'
  echo working
  while :; do sleep 1; done`

type Place = {
  readonly cli: Cli
  readonly server: GitServer
  readonly startUp: (...flags: readonly string[]) => Promise<RunningCli>
  /** Submits a job whose agent is a shell script. */
  readonly submit: (script: string) => RunningCli
}

/** A repository that is served over HTTP, and large enough to be fetched in pieces. */
async function aPlace(): Promise<Place> {
  const cli = await cliInEmptyHome()
  const folder = join(cli.home, 'git')
  const { clone } = await makeRemote(folder)
  await commitAndPush(clone, { large: randomBytes(4_000_000).toString('base64') })
  const server = await startGitServer(folder)
  const script = await aScript({ scripts: [{ steps: [{ text: 'hello' }] }] })
  const always = ['--port', '0', '--replay', script, '--lease-ms', String(LEASE_MS)]
  return {
    cli,
    server,
    startUp: async (...flags) => {
      const up = cli.start(['up', ...always, ...flags])
      await up.printed(/^next: .* submit /m)
      return up
    },
    submit: (agent) => {
      const repository = ['--repo', `${server.url}/remote.git`, '--publish', 'branch']
      const command = ['--agent', 'command', 'Do it', '--', 'sh', '-c', agent]
      return cli.start(['submit', '--wait', ...repository, ...command])
    },
  }
}

const portsOf = async (pid: number): Promise<readonly number[]> => {
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8')
  const listening = table.matchAll(/^ *\d+: \w+:(\w{4}) \w+:\w+ 0A /gm)
  const ports = Array.from(listening, ([, port = '']) => Number.parseInt(port, 16))
  const owners = await Promise.all(ports.map((port) => portOwner(port)))
  return ports.filter((_, index) => owners[index] === pid)
}

const mounts = async (): Promise<string> => await readFile('/proc/self/mountinfo', 'utf8')

/** Kills the worker and answers what it had started. */
async function kill(up: RunningCli): Promise<readonly Process[]> {
  const family = familyOf(up.process.pid)
  await up.stop('SIGKILL')
  return family
}

for (const sandbox of ['required', 'none']) {
  describeNeeding(
    ['bubblewrap', 'linux', 'patience'],
    `a worker that is killed with sandbox ${sandbox}`,
    () => {
      it('leaves no process of agent, gateway and guard, no port and no mount', async () => {
        const { cli, startUp, submit } = await aPlace()
        const before = await mounts()
        const up = await startUp('--sandbox', sandbox)
        const follower = submit(AGENT)
        const id = (await follower.printed(/^working$/m)).slice(0, 12)
        const { job } = await cli.show(id)
        const gateway = memberOf(up.process.pid, 'gateway/main')
        const ports = await portsOf(gateway)
        expect(ports).toHaveLength(1)
        expect(runningFor(job).length).toBeGreaterThanOrEqual(2)

        const family = await kill(up)

        expect(family.map(({ pid }) => pid)).toContain(gateway)
        await expect.poll(() => stillRunning(family), GONE).toEqual([])
        await expect.poll(() => runningFor(job), GONE).toEqual([])
        expect(await portOwner(ports[0] ?? 0)).toBeNull()
        expect(await mounts()).toBe(before)
      })

      it.each([
        ['fetch', 'stall'],
        ['push', 'hang-push'],
      ] as const)(
        'leaves no part of a %s, and nothing in the way of its next start',
        async (command, manner) => {
          const { cli, server, startUp, submit } = await aPlace()
          server.manner = manner
          const up = await startUp('--sandbox', sandbox)
          const follower = submit('echo whole > file')
          await untilMember(up.process.pid, `git --no-pager ${command}`)
          await untilMember(up.process.pid, 'git-remote-http')
          const { port } = new URL(await hubAddress(cli.data))

          const family = await kill(up)
          await expect.poll(() => stillRunning(family), GONE).toEqual([])
          server.manner = 'serve'
          await startUp('--sandbox', sandbox, '--port', port)

          expect((await follower.end).code).toBe(0)
          expect((await cli.run(['jobs', '--json'])).stdout).toContain('"attempt":2')
          await expect.poll(() => readdir(join(cli.data, 'worker', 'attempts'))).toEqual([])
        },
      )
    },
  )
}
