import { randomBytes } from 'node:crypto'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { callbackSecretOf } from '../../src/callbacks/sign.ts'
import { readRows, writeRows } from '../../src/backup/row-files.ts'
import { Manifest } from '../../src/backup/manifest.ts'
import { tablesOf } from '../../src/ledger/tables.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { type Cli, cliInEmptyHome, hubAddress } from '../support/cli.ts'
import { aClaim, aJob } from '../support/jobs.ts'
import { describeNeeding } from '../support/needs.ts'
import { postgresOfFile } from '../support/postgres.ts'

const DONE = { kind: 'succeeded', reason: 'no-change', publication: null } as const
const BYTES = randomBytes(200_000)
const SECRET = { MILLWRIGHT_CALLBACK_SECRET: callbackSecretOf(randomBytes(32)) }
/** Leads nowhere: what it is told stays in the outbox. */
const CALLBACKS = [{ url: 'https://hooks.invalid/' }]

/** What ran is expired and done again; what waited is done; each once. */
const TAKEN = { running: 2, queued: 1 }

type Hub = { readonly admin: HubClient; readonly worker: HubClient; stop(): Promise<unknown> }

async function startHub(cli: Cli, flags: readonly string[]): Promise<Hub> {
  const process = cli.start(['hub', '--port', '0', ...flags], { env: SECRET })
  await process.printed(/hub on http/)
  const url = await hubAddress(cli.data)
  const client = async (whose: string): Promise<HubClient> =>
    new HubClient({ url, token: (await readFile(join(cli.data, `${whose}.token`), 'utf8')).trim() })
  const [admin, worker] = [await client('admin'), await client('worker')]
  return { admin, worker, stop: () => process.stop('SIGKILL') }
}

/** A job in each state but cancelled, with a log, an artifact and a token of somebody’s own. */
async function fill({ admin, worker }: Hub) {
  const body = aJob({ callbacks: CALLBACKS })
  const submit = async () => (await admin.call('submitJob', { body })).id
  const [ended, running] = [await submit(), await submit()]
  const claim = async () => {
    const lease = await worker.call('claimLease', { body: { ...aClaim(), leaseMs: 1000 } })
    if (lease === null) throw new Error('there is a job to claim')
    const params = { job: lease.job.id, attempt: lease.attempt }
    return { params, attempt: worker.withToken(lease.token) }
  }
  const first = await claim()
  await first.attempt.call('writeLog', {
    params: { ...first.params, stream: 'output', offset: 0 },
    body: Buffer.from('worked'),
  })
  await first.attempt.call('putArtifact', { params: { ...first.params, name: 'a' }, body: BYTES })
  await first.attempt.call('settleLease', {
    params: first.params,
    body: { settlement: DONE, usage: null },
  })
  await claim()
  const queued = await submit()
  const reader = await admin.call('createToken', { body: { name: 'r', scopes: ['jobs:read'] } })
  return { ended, running, queued, reader: reader.token }
}

/**
 * Backs up a running hub, loses everything, and restores it, perhaps elsewhere.
 * @returns in which attempt what ran and what waited was taken again
 */
async function drill(
  cli: Cli,
  from: readonly string[],
  to: readonly string[],
): Promise<Readonly<Record<string, number | undefined>>> {
  const hub = await startHub(cli, from)
  const { ended, running, queued, reader } = await fill(hub)
  const before = await hub.admin.call('getJob', { params: { job: ended } })
  const told = (await hub.admin.call('listDeliveries', { query: { job: ended } })).deliveries
  const backup = join(cli.home, 'backup')
  const made = await cli.run(['backup', backup, ...from])
  expect(made).toMatchObject({ code: 0 })
  expect(made.stdout).toMatch(/^3 jobs, 6 events, 1 artifact, 3 tokens in /)
  await hub.stop()
  await rm(cli.data, { recursive: true })

  expect(await cli.run(['restore', backup, ...to])).toMatchObject({ code: 0 })

  const again = await startHub(cli, to)
  const params = { job: ended, attempt: 1 }
  expect(await again.admin.call('getJob', { params: { job: ended } })).toEqual(before)
  const known = await again.admin.call('listDeliveries', { query: { job: ended } })
  const { id: message } = told[0] ?? {}
  expect(known.deliveries).toMatchObject([{ id: message, state: 'pending' }])
  const kept = await again.admin.call('getArtifact', { params: { ...params, name: 'a' } })
  expect(Buffer.from(await kept.arrayBuffer()).equals(BYTES)).toBe(true)
  const log = await again.admin.call('readLog', {
    params: { job: ended, stream: 'output' },
    query: {},
  })
  expect(await log.text()).toBe('worked')
  const readers = new HubClient({ url: await hubAddress(cli.data), token: reader })
  expect((await readers.call('getJob', { params: { job: queued } })).state).toBe('queued')
  expect((await cli.run(['doctor', '--ledger'])).stdout).toContain('compared 3 jobs, 0 differences')

  const taken = new Map<string, number>()
  await expect
    .poll(
      async () => {
        const lease = await again.worker.call('claimLease', { body: aClaim() })
        if (lease !== null) taken.set(lease.job.id, lease.attempt)
        return taken.size
      },
      { timeout: 10_000 },
    )
    .toBe(2)
  const { id } = await again.admin.call('submitJob', { body: aJob() })
  expect((await again.admin.call('getJob', { params: { job: id } })).state).toBe('queued')
  return { running: taken.get(running), queued: taken.get(queued) }
}

describeNeeding(['patience'], 'a backup', () => {
  it('made while the hub works becomes the same hub again', async () => {
    expect(await drill(await cliInEmptyHome(), [], [])).toEqual(TAKEN)
  })

  it('that was changed or cut is refused whole', async () => {
    const cli = await cliInEmptyHome()
    await fill(await startHub(cli, []))
    const backup = join(cli.home, 'backup')
    await cli.run(['backup', backup])
    const restored = (): Promise<{ code: number | null; stderr: string }> =>
      cli.run(['restore', backup, '--data', join(cli.home, 'new')])
    await appendFile(join(backup, 'tables', 'event.jsonl'), '\n')
    expect(await restored()).toMatchObject({ code: 2 })
    expect((await restored()).stderr).toMatch(/event\.jsonl has changed since the backup/)
    await writeFile(join(backup, 'manifest.json'), '{')
    expect((await restored()).stderr).toMatch(/manifest\.json is damaged/)
    await expect(readFile(join(cli.home, 'new', 'ledger.db'))).rejects.toThrow('ENOENT')
  })

  it('of an older version, without its later tables and columns, is restored all the same', async () => {
    const cli = await cliInEmptyHome()
    const hub = await startHub(cli, [])
    const { ended } = await fill(hub)
    const backup = join(cli.home, 'backup')
    await cli.run(['backup', backup])
    await hub.stop()
    await rm(cli.data, { recursive: true })
    await makeOlder(backup, 2)

    expect(await cli.run(['restore', backup])).toMatchObject({ code: 0 })

    const again = await startHub(cli, [])
    expect(await again.admin.call('getJob', { params: { job: ended } })).toMatchObject({
      state: 'succeeded',
    })
  })

  it('is never restored over something', async () => {
    const cli = await cliInEmptyHome()
    const hub = await startHub(cli, [])
    await fill(hub)
    const backup = join(cli.home, 'backup')
    await cli.run(['backup', backup])
    expect((await cli.run(['restore', backup])).stderr).toMatch(/is in use by process/)
    await hub.stop()
    expect((await cli.run(['restore', backup])).stderr).toMatch(/is not empty/)
    expect((await cli.run(['backup', backup])).stderr).toMatch(/backup is not empty/)
  })
})

/** Makes a backup what a program with an older schema would have written. */
async function makeOlder(backup: string, schemaVersion: number): Promise<void> {
  const path = join(backup, 'manifest.json')
  const manifest = Manifest.parse(JSON.parse(await readFile(path, 'utf8')))
  const tables: Manifest['tables'] = {}
  const older = tablesOf({ schemaVersion })
  for (const name of Object.keys(manifest.tables)) {
    const file = join(backup, 'tables', `${name}.jsonl`)
    const columns = older.find((table) => table.name === name)?.columns
    if (columns === undefined) {
      await rm(file)
      continue
    }
    const rows = await Array.fromAsync(readRows(file, z.record(z.string(), z.unknown())))
    const kept = rows.map((row) =>
      Object.fromEntries(columns.map((column) => [column, row[column]])),
    )
    tables[name] = await writeRows(file, Readable.from(kept))
  }
  await writeFile(path, JSON.stringify({ ...manifest, schemaVersion, tables }))
}

describeNeeding(['postgresql', 'patience'], 'a backup of PostgreSQL', () => {
  const file = postgresOfFile()

  const place = async () => ['--database', await file.server.makeSchema()]

  it('becomes the same hub again, on another database', async () => {
    expect(await drill(await cliInEmptyHome(), await place(), await place())).toEqual(TAKEN)
  })

  it('becomes a hub on SQLite, and the other way round', async () => {
    expect(await drill(await cliInEmptyHome(), await place(), [])).toEqual(TAKEN)
    expect(await drill(await cliInEmptyHome(), [], await place())).toEqual(TAKEN)
  })
})
