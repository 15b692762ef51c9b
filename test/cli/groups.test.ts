import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { JobId } from '../../src/domain/id.ts'
import { Totals } from '../../src/domain/totals.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { type Cli, cliInEmptyHome, hubAddress } from '../support/cli.ts'
import { aJob } from '../support/jobs.ts'
import { describeNeeding } from '../support/needs.ts'

/** Submits a job of the group `night` that runs a shell line, at most once. */
async function submitLine(client: HubClient, line: string): Promise<JobId> {
  const generator = { name: 'command', run: ['sh', '-c', line] }
  const job = {
    kind: 'generate',
    payload: { generator },
    group: 'night',
    retry: { maxFailures: 1 },
  }
  return (await client.call('submitJob', { body: job })).id
}

async function clientOf(cli: Cli): Promise<HubClient> {
  const token = (await readFile(join(cli.data, 'admin.token'), 'utf8')).trim()
  return new HubClient({ url: await hubAddress(cli.data), token })
}

describeNeeding(['patience'], 'a group', () => {
  it('is waited for, counted, and its failed jobs are retried once', async () => {
    const cli = await cliInEmptyHome()
    await cli.startUp()
    const client = await clientOf(cli)
    await submitLine(client, 'echo 1 > one.txt')
    await submitLine(client, 'echo 2 > two.txt')
    const fixed = join(cli.home, 'fixed')
    const failing = await submitLine(client, `cp ${fixed} out.txt`)

    const first = await cli.run(['wait', '--group', 'night'])
    expect(first.code).toBe(1)
    expect(first.stdout).toMatch(/^2 succeeded · 1 failed\n {2}next: .* jobs --group night --state/)
    expect((await cli.run(['wait', failing])).code).toBe(1)

    await writeFile(fixed, 'now it works')
    const retry = ['retry', '--failed', '--group', 'night']
    expect((await cli.run(retry)).stdout).toMatch(/^Group night: 1 failed job retried\n/)
    const second = await cli.run(['wait', '--group', 'night', '--json'])
    expect(second.code).toBe(0)
    expect(Totals.parse(JSON.parse(second.stdout))).toMatchObject({
      jobs: { succeeded: 3, failed: 0 },
      continued: 1,
    })
    expect((await cli.run([...retry, '--json'])).stdout).toContain('"retried":0')
    const jobs = await cli.run(['jobs', '--group', 'night', '--limit', '1'])
    expect(jobs.stdout).toMatch(/\ngroup night: 3 succeeded · 1 retried\n$/)
    const failed = ['jobs', '--group', 'night', '--state', 'failed']
    expect((await cli.run(failed)).stdout).toContain(failing.slice(-12))
    expect((await cli.run([...failed, '--not-retried'])).stderr).toBe('no jobs\n')
    const Page = z.object({
      jobs: z.array(z.object({ retryOf: JobId.nullable() })),
      totals: Totals,
    })
    const page = Page.parse(
      JSON.parse((await cli.run(['jobs', '--group', 'night', '--json'])).stdout),
    )
    expect(page.jobs[0]?.retryOf).toBe(failing)
    expect(page.totals.continued).toBe(1)
  }, 120_000)

  it('is cancelled to the last of its pages, and a repeat finds nothing to do', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const client = await clientOf(cli)
    await Promise.all(
      Array.from({ length: 205 }, () =>
        client.call('submitJob', { body: aJob({ group: 'many jobs/ä' }) }),
      ),
    )
    await client.call('submitJob', { body: aJob({ group: 'other' }) })
    const cancel = ['cancel', '--group', 'many jobs/ä']
    expect((await cli.run(cancel)).stdout).toBe(
      'Group many jobs/ä: 205 jobs cancelled, 0 being stopped\n',
    )
    expect((await cli.run(cancel)).stdout).toBe('Group many jobs/ä: no job is left to cancel\n')
    const wait = await cli.run(['wait', '--group', 'many jobs/ä'])
    expect([wait.code, wait.stdout]).toEqual([4, '205 cancelled\n'])
    expect(await client.call('groupTotals', { query: { group: 'other' } })).toMatchObject({
      jobs: { queued: 1 },
    })
  })

  it('keeps running when nobody waits for it any longer', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const id = await submitLine(await clientOf(cli), 'true')
    const waiting = cli.start(['wait', '--group', 'night'])
    await waiting.printed(/1 queued/)
    const { code, stderr } = await waiting.stop('SIGINT')
    expect(code).toBe(130)
    expect(stderr).toMatch(/The jobs continue\. Wait for them with: .* wait --group night/)
    expect((await cli.show(id)).job.state).toBe('queued')
  })

  it('without jobs is an error, and so is a command that names neither a job nor a group', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    for (const command of [['wait'], ['cancel'], ['retry', '--failed']]) {
      const unknown = await cli.run([...command, '--group', 'nihgt'])
      expect(unknown).toMatchObject({ code: 6, stdout: '' })
      expect(unknown.stderr).toContain('No job belongs to the group "nihgt"')
      expect((await cli.run(command)).code).toBe(2)
    }
  })
})
