// Gathers what the checker compares, from outside: the hub's answers, the remote, the machine.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { z } from 'zod'
import { differences } from '../../src/cli/doctor/ledger.ts'
import { isAppError } from '../../src/domain/errors.ts'
import type { JobEvent } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Job } from '../../src/domain/job.ts'
import { environmentHolds, listProcesses } from '../../src/platform/process-table.ts'
import { MARKER } from '../../src/platform/process-tree.ts'
import type { HubClient } from '../../src/protocol/client.ts'
import { byHand } from '../support/repository.ts'
import type { Received } from '../support/serve-sink.ts'
import type { Facts, Push, Told } from './checker.ts'

const PAGE = 200

/** Everything the hub can tell. */
export async function fromHub(
  client: HubClient,
): Promise<Pick<Facts, 'jobs' | 'events' | 'differing' | 'unreadable'>> {
  const jobs = await jobsOf(client)
  const events = new Map<JobId, readonly JobEvent[]>()
  const unreadable: string[] = []
  for (const job of jobs) {
    events.set(job.id, await eventsOf(client, job.id))
    unreadable.push(...(await unreadableOf(client, job)))
  }
  const differing: string[] = []
  for await (const { found } of differences(client)) {
    if (found !== null) differing.push(`row and events differ: ${JSON.stringify(found)}`)
  }
  return { jobs, events, differing, unreadable }
}

async function jobsOf(client: HubClient): Promise<readonly Job[]> {
  const found: Job[] = []
  for (let cursor: JobId | null = null; ;) {
    const page: { jobs: readonly Job[]; next: JobId | null } = await client.call('listJobs', {
      query: { limit: PAGE, ...(cursor === null ? {} : { cursor }) },
    })
    found.push(...page.jobs)
    if (page.next === null) return found
    cursor = page.next
  }
}

async function eventsOf(client: HubClient, job: JobId): Promise<readonly JobEvent[]> {
  const { events } = await client.call('listEvents', { params: { job }, query: { limit: 1000 } })
  return events
}

/** The bytes of each listed artifact are checked against its digest on the way. */
async function unreadableOf(client: HubClient, job: Job): Promise<readonly string[]> {
  const params = { job: job.id }
  const { artifacts } = await client.call('listArtifacts', { params })
  const bad: string[] = []
  for (const { attempt, name, size } of artifacts) {
    const found = await sizeOf(client, { ...params, attempt, name })
    if (found !== size) bad.push(`${name} of ${job.title} cannot be read`)
  }
  const isWhole = artifacts.some(
    ({ attempt, name }) => attempt === job.attempt && name === 'report.json',
  )
  if (job.state === 'succeeded' && !isWhole) bad.push(`${job.title} has no report`)
  return bad
}

/** null when there is no such artifact, or it breaks off. */
async function sizeOf(
  client: HubClient,
  params: { readonly job: JobId; readonly attempt: number; readonly name: string },
): Promise<number | null> {
  try {
    return (await (await client.call('getArtifact', { params })).arrayBuffer()).byteLength
  } catch (error) {
    if (isAppError(error) && error.retryable) throw error
    return null
  }
}

/** A bare repository whose hook writes down every push. */
export async function fromRemote(
  remote: string,
  pushLog: string,
): Promise<Pick<Facts, 'pushes' | 'tips'>> {
  const lines = (await readFile(pushLog, 'utf8').catch(() => '')).trim().split('\n')
  const pushes = lines.filter(Boolean).map((line): Push => {
    const [ref = '', commit = '', at = ''] = line.split(' ')
    return { branch: ref.replace('refs/heads/', ''), commit, at: Number(at) }
  })
  const refs = await byHand(remote, 'for-each-ref', '--format=%(refname:short) %(objectname)')
  const tips = new Map(
    refs.split('\n').map((line) => {
      const [branch = '', commit = ''] = line.split(' ')
      return [branch, commit]
    }),
  )
  return { pushes, tips }
}

const Message = z.object({
  type: z.string(),
  data: z.object({ seq: z.int(), job: z.object({ id: z.string() }) }),
})

/** What the receiver of callbacks was told. */
export function fromSink(received: readonly Received[]): Pick<Facts, 'told'> {
  const told = received.map(({ headers, body }): Told => {
    const { type, data } = Message.parse(JSON.parse(body))
    const id = String(headers['webhook-id'])
    return { id, job: data.job.id, seq: data.seq, event: type.replace('job.', ''), body }
  })
  return { told }
}

/** What is left of attempts on this machine and in the workers' folders. */
export async function leftOnMachine(
  workers: readonly string[],
  jobs: readonly { readonly id: string; readonly attempt: number }[],
): Promise<readonly string[]> {
  const left: string[] = []
  for (const worker of workers) {
    for (const name of await namesIn(join(worker, 'attempts'))) left.push(`folder ${name}`)
    for (const name of await namesIn(join(worker, 'reports'))) left.push(`report ${name}`)
    for (const cache of await namesIn(join(worker, 'cache'))) {
      const pins = await namesIn(join(worker, 'cache', cache, 'refs', 'jobs'))
      // Half a pin keeps nothing; it goes with its cache.
      for (const name of pins) if (!name.startsWith('.')) left.push(`pin ${name}`)
    }
  }
  // The dearest look comes last.
  return left.length > 0 ? left : leftRunning(jobs)
}

/** Processes that carry the mark of any attempt of these jobs. */
export function leftRunning(
  jobs: readonly { readonly id: string; readonly attempt: number }[],
): readonly string[] {
  const marks = jobs.flatMap(({ id, attempt }) =>
    Array.from({ length: attempt }, (_, index) => `${MARKER}=${id}-${index + 1}`),
  )
  return listProcesses().flatMap(({ pid }) =>
    marks.filter((mark) => environmentHolds(pid, mark)).map((mark) => `process ${pid} of ${mark}`),
  )
}

const namesIn = async (folder: string): Promise<readonly string[]> =>
  existsSync(folder) ? await readdir(folder) : []

const ROWS = `
  SELECT 'lock ' || key AS row FROM job_lock
  UNION ALL SELECT 'open attempt of ' || job_id AS row FROM attempt WHERE ended_at IS NULL
  UNION ALL SELECT 'callback ' || id || ' is ' || state AS row
    FROM delivery WHERE state <> 'delivered'`

/** Lock rows, open attempts and callbacks not delivered when every job has ended; no hub may run on the SQLite file. */
export async function leftInLedger(
  folder: string,
  database: string | null,
): Promise<readonly string[]> {
  if (database === null) {
    const file = new DatabaseSync(join(folder, 'ledger.db'), { readOnly: true })
    const rows = file.prepare(ROWS).all()
    file.close()
    return rows.map(({ row }) => String(row))
  }
  const client = new Client({ connectionString: database })
  await client.connect()
  const { rows } = await client.query<{ row: string }>(ROWS)
  await client.end()
  return rows.map(({ row }) => row)
}
