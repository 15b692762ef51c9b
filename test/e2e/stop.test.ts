import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, hubAddress, type RunningCli } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { runningFor } from '../support/processes.ts'
import { byHand, makeRemote } from '../support/repository.ts'

/** Long enough to be found out, and short enough to wait for. */
const LEASE_MS = 3000

/** In its first attempt it leaves half a file and a daemon that ignores every signal it can. */
const AGENT = `
  case "$MILLWRIGHT_ATTEMPT" in *-1) ;; *) echo whole > file; exit ;; esac
  echo half > file
  setsid -f sh -c 'trap "" INT TERM HUP; while :; do sleep 1; done'
  trap "" INT TERM HUP
  echo working
  while :; do sleep 1; done`

async function startUp(cli: Cli, port = '0'): Promise<RunningCli> {
  const up = cli.start(['up', '--port', port, '--allow-local', '--lease-ms', String(LEASE_MS)])
  await up.printed(/next: .* submit/)
  return up
}

/** Submits the job and waits until its agent is at work. */
async function submitted(cli: Cli): Promise<{ id: string; remote: string; follower: RunningCli }> {
  const { remote } = await makeRemote(join(cli.home, 'git'))
  const flags = ['--wait', '--repo', remote, '--agent', 'command', '--publish', 'branch']
  const follower = cli.start(['submit', ...flags, 'Do it', '--', 'sh', '-c', AGENT])
  const id = (await follower.printed(/^working$/m)).slice(0, 12)
  return { id, remote, follower }
}

describeNeeding(['bubblewrap', 'linux', 'patience'], 'a job whose agent will not stop', () => {
  it('is gone within 5 s of its cancel, with its work kept and the reason told', async () => {
    const cli = await cliInEmptyHome()
    await startUp(cli)
    const { id, remote, follower } = await submitted(cli)
    const { job } = await cli.show(id)
    expect(runningFor(job).length).toBeGreaterThanOrEqual(2)

    const before = performance.now()
    await cli.run(['cancel', id])
    expect((await follower.end).code).toBe(4)

    expect(performance.now() - before).toBeLessThan(5000)
    expect(runningFor(job)).toEqual([])
    expect((await cli.show(id)).job).toMatchObject({
      state: 'cancelled',
      reason: 'cancelled-by-request',
      publication: null,
    })
    const patch = await cli.run(['artifacts', 'get', id, 'change.patch'])
    expect(patch.stdout).toContain('+half')
    expect(await byHand(remote, 'branch', '--list', 'millwright/*')).toBe('')
  })

  it('is leased again when everything is killed, ends once, and its first work is kept', async () => {
    const cli = await cliInEmptyHome()
    const up = await startUp(cli)
    const { id, remote, follower } = await submitted(cli)
    const { job: first } = await cli.show(id)

    await up.stop('SIGKILL')
    await expect.poll(() => runningFor(first), { timeout: 5000 }).toEqual([])
    await startUp(cli, new URL(await hubAddress(cli.data)).port)

    expect((await follower.end).code).toBe(0)
    expect((await cli.show(id)).job).toMatchObject({ state: 'succeeded', attempt: 2, failures: 1 })
    expect(await byHand(remote, 'show', `millwright/${id}:file`)).toBe('whole')
    expect(await byHand(remote, 'rev-list', '--count', `main..millwright/${id}`)).toBe('1')
    const salvaged = ['artifacts', 'get', id, 'salvage.change.patch', '--attempt', '1']
    expect((await cli.run(salvaged)).stdout).toContain('+half')
    await expect.poll(() => readdir(join(cli.data, 'worker', 'attempts'))).toEqual([])
  })
})
