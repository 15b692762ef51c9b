// A job whose program is killed and started again: it goes on long before its lease has run out.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cliInEmptyHome } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { makeRemote } from '../support/repository.ts'

const LEASE_MS = 60_000

/** Hangs in the first attempt and succeeds in the second. */
const AGENT = 'case "$MILLWRIGHT_ATTEMPT" in *-1) echo working; sleep 600;; esac; echo done > file'

describeNeeding(['linux'], 'a worker that is killed and started again', () => {
  it('has its job claimed again in a fraction of the lease, and counts one failure', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    const flags = ['--allow-local', '--lease-ms', String(LEASE_MS)]
    const first = await cli.startUp(flags)
    const agent = ['--agent', 'command', 'Do it', '--', 'sh', '-c', AGENT]
    const { stdout } = await cli.run(['submit', '--json', '--repo', remote, ...agent])
    const { id } = JSON.parse(stdout)
    await cli.start(['logs', '-f', id]).printed(/^working$/m)

    const killedAt = Date.now()
    await first.stop('SIGKILL')
    await cli.startUp(flags)
    const follower = await cli.run(['logs', '-f', id])

    expect(follower.code).toBe(0)
    const { job, events } = await cli.show(id)
    expect(job).toMatchObject({ state: 'succeeded', attempt: 2, failures: 1 })
    const again = events.find(({ type, attempt }) => type === 'claimed' && attempt === 2)
    expect(again!.at - killedAt).toBeLessThan(LEASE_MS / 4)
    expect(events.find(({ type }) => type === 'requeued')).toMatchObject({
      detail: expect.stringMatching(/was restarted during attempt 1\.$/),
    })
  })
})
