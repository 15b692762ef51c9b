import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { decodeEvents } from '../../src/protocol/event-stream.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { type Cli, cliInEmptyHome, hubAddress, type RunningCli } from '../support/cli.ts'
import { aClaim, aJob } from '../support/jobs.ts'
import { describeNeeding } from '../support/needs.ts'
import { postgresOfFile } from '../support/postgres.ts'

type OneHub = {
  readonly url: string
  readonly admin: HubClient
  readonly worker: HubClient
  readonly process: RunningCli
}

/** A hub in a separate process: its own data folder, the same ledger, the same store. */
async function startHub(cli: Cli, name: string, ledger: string): Promise<OneHub> {
  const data = join(cli.home, name)
  const shared = ['--database', ledger, '--store', join(cli.home, 'store')]
  const process = cli.start(['hub', '--port', '0', '--data', data, ...shared])
  await process.printed(/hub on http/)
  const url = await hubAddress(data)
  const token = async (whose: string) =>
    (await readFile(join(data, `${whose}.token`), 'utf8')).trim()
  const client = async (whose: string) => new HubClient({ url, token: await token(whose) })
  return { url, admin: await client('admin'), worker: await client('worker'), process }
}

const settlement = {
  kind: 'succeeded',
  reason: 'no-change',
  publication: null,
} as const

describeNeeding(['postgresql', 'patience'], 'several hubs on one ledger and one store', () => {
  const file = postgresOfFile()

  it('are one hub for whoever asks: events, leases, tokens, logs and artifacts', async () => {
    const cli = await cliInEmptyHome()
    const ledger = await file.server.makeSchema()
    const one = await startHub(cli, 'one', ledger)
    const other = await startHub(cli, 'other', ledger)
    const { id } = await one.admin.call('submitJob', { body: aJob() })
    const stream = await one.admin.open('listEvents', {
      params: { job: id },
      headers: { accept: 'text/event-stream' },
    })
    const told: string[] = []
    const streamed = (async () => {
      for await (const event of decodeEvents(stream.body!)) told.push(event.type)
    })()

    const lease = await other.worker.call('claimLease', { body: aClaim() })
    const params = { job: id, attempt: lease?.attempt ?? 0 }
    const attempt = one.worker.withToken(lease?.token ?? '')
    await attempt.call('renewLease', { params, body: { leaseMs: 60_000 } })
    const write = (hub: OneHub, offset: number, body: string) =>
      hub.worker.withToken(lease?.token ?? '').call('writeLog', {
        params: { ...params, stream: 'output', offset },
        body: Buffer.from(body),
      })
    await write(one, 0, 'from one, ')
    await write(other, 10, 'from the other, ')
    await write(one, 26, 'from one')
    const log = await other.admin.call('readLog', {
      params: { job: id, stream: 'output' },
      query: {},
    })
    expect(await log.text()).toBe('from one, from the other, from one')
    await attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: Buffer.from('x') })
    const kept = await other.admin.call('getArtifact', { params: { ...params, name: 'a' } })
    expect(await kept.text()).toBe('x')

    const made = await one.admin.call('createToken', { body: { name: 'x', scopes: ['jobs:read'] } })
    const reader = new HubClient({ url: other.url, token: made.token })
    expect((await reader.call('getJob', { params: { job: id } })).state).toBe('running')
    await other.admin.call('revokeToken', { params: { token: made.info.id } })
    await expect(reader.call('getJob', { params: { job: id } })).rejects.toMatchObject({
      code: 'token-invalid',
    })

    // A lease from one hub is settled through the other after the first one dies.
    await other.process.stop('SIGKILL')
    await attempt.call('settleLease', { params, body: { settlement, usage: null } })
    await streamed
    expect(told).toEqual(['submitted', 'claimed', 'ended'])
  })

  it('wake each other’s workers: a job is leased at once although another hub took it', async () => {
    const cli = await cliInEmptyHome()
    const ledger = await file.server.makeSchema()
    const one = await startHub(cli, 'one', ledger)
    const other = await startHub(cli, 'other', ledger)
    const body = { ...aClaim({ requestId: randomUUID() }), waitMs: 20_000 }
    const waiting = other.worker.call('claimLease', { body })
    const { id } = await one.admin.call('submitJob', { body: aJob() })
    expect((await waiting)?.job.id).toBe(id)
  })

  it('refuse a store that belongs to another ledger, and name the setting', async () => {
    const cli = await cliInEmptyHome()
    const ledger = await file.server.makeSchema()
    await (await startHub(cli, 'one', ledger)).process.stop()
    await rm(join(cli.home, 'store'), { recursive: true })
    const shared = ['--database', ledger, '--store', join(cli.home, 'store')]
    const again = await cli.run(['hub', '--port', '0', ...shared])
    expect(again.code).toBe(9)
    expect(again.stderr).toMatch(/The ledger belongs to store [^]*--store/)
  })

  it('say why a ledger cannot be opened, without the password', async () => {
    const cli = await cliInEmptyHome()
    const start = (ledger: string) => cli.run(['hub', '--port', '0', '--database', ledger])
    const away = await start('postgres://ada:hush@127.0.0.1:1/jobs')
    expect(away).toMatchObject({ code: 9 })
    expect(away.stderr).toMatch(
      /The ledger postgres:\/\/127\.0\.0\.1:1\/jobs is unreachable: .*ECONNREFUSED/,
    )
    const missing = await start(file.server.url.replace(/postgres$/, 'nowhere'))
    expect(missing.stderr).toMatch(
      /the server has no database with this name[^]*MILLWRIGHT_DATABASE/,
    )
    const wrong = await start('mysql://ada:hush@127.0.0.1/jobs')
    expect(wrong.stderr).toMatch(/--database: must look like postgres:/)
    expect(away.stderr + missing.stderr + wrong.stderr).not.toContain('hush')
  })

  it('answer 503 while the database is away, and go on by themselves', async () => {
    const cli = await cliInEmptyHome()
    const one = await startHub(cli, 'one', await file.server.makeSchema())
    const restarted = file.server.restart()
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => one.admin.call('submitJob', { body: aJob() })),
    )
    await restarted
    const refusals = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason] : [],
    )
    for (const refusal of refusals) expect(refusal).toMatchObject({ retryable: true })
    await expect
      .poll(() => fetch(`${one.url}/readyz`).then(({ status }) => status), { timeout: 10_000 })
      .toBe(200)
    const { id } = await one.admin.call('submitJob', { body: aJob() })
    expect((await one.admin.call('getJob', { params: { job: id } })).state).toBe('queued')
    expect((await one.process.stop()).code).toBe(0)
  })
})
