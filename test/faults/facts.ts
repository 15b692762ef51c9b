// Gathers what the checker compares, from outside: the hub's answers, the remote, the machine.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { z } from 'zod'
import { differences } from '../../src/doctor/ledger.ts'
import { isAppError } from '../../src/domain/errors.ts'
import type { JobEvent } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Input } from '../../src/domain/input.ts'
import type { Job } from '../../src/domain/job.ts'
import { environmentHolds, listProcesses } from '../../src/platform/process-table.ts'
import { MARKER } from '../../src/platform/process-tree.ts'
import type { HubClient } from '../../src/protocol/client.ts'
import { byHand } from '../support/repository.ts'
import type { Received } from '../support/serve-sink.ts'
import type { Artifact, Facts, Push, Told } from './evidence.ts'
import { sha256 } from './order.ts'

const PAGE = 200

type FromHub = Pick<Facts, 'jobs' | 'events' | 'inputs' | 'artifacts' | 'differing' | 'unreadable'>

/** Everything the hub can tell. */
export async function fromHub(client: HubClient): Promise<FromHub> {
  const jobs = await jobsOf(client)
  const events = new Map<JobId, readonly JobEvent[]>()
  const inputs = new Map<JobId, readonly Input[]>()
  const artifacts = new Map<JobId, readonly Artifact[]>()
  const unreadable: string[] = []
  for (const job of jobs) {
    events.set(job.id, await eventsOf(client, job.id))
    inputs.set(job.id, (await client.call('listInputs', { params: { job: job.id } })).inputs)
    const kept = await artifactsOf(client, job)
    artifacts.set(job.id, kept.artifacts)
    unreadable.push(...kept.unreadable)
  }
  const differing: string[] = []
  for await (const { found } of differences(client)) {
    if (found !== null) differing.push(`row and events differ: ${JSON.stringify(found)}`)
  }
  return { jobs, events, inputs, artifacts, differing, unreadable }
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

/** All artifacts of a job, and which of them, in words, are missing or cannot be read whole. */
async function artifactsOf(client: HubClient, job: Job) {
  const params = { job: job.id }
  const listed = (await client.call('listArtifacts', { params })).artifacts
  const artifacts: Artifact[] = []
  const unreadable: string[] = []
  for (const { attempt, name, digest } of listed) {
    const found = await digestOf(client, { ...params, attempt, name })
    artifacts.push({ attempt, name, digest: found })
    if (found !== digest) unreadable.push(`${name} of ${job.title} cannot be read`)
  }
  const isWhole = listed.some(
    ({ attempt, name }) => attempt === job.attempt && name === 'report.json',
  )
  if (job.state === 'succeeded' && !isWhole) unreadable.push(`${job.title} has no report`)
  return { artifacts, unreadable }
}

/** null when there is no such artifact, or it breaks off. */
async function digestOf(
  client: HubClient,
  params: { readonly job: JobId; readonly attempt: number; readonly name: string },
): Promise<string | null> {
  try {
    return sha256(await (await client.call('getArtifact', { params })).bytes())
  } catch (error) {
    if (isAppError(error) && error.retryable) throw error
    return null
  }
}

/** A bare repository whose hook writes down every push. */
export async function fromRemote(
  remote: string,
  pushLog: string,
): Promise<Pick<Facts, 'pushes' | 'tips' | 'works'>> {
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
  const works = new Map<string, string>()
  for (const { branch } of pushes) {
    works.set(branch, await byHand(remote, 'show', `${branch}:work`).catch(() => ''))
  }
  return { pushes, tips, works }
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
    FROM delivery WHERE state <> 'delivered'
  UNION ALL SELECT 'upload that no job names: ' || digest AS row FROM blob
    WHERE NOT EXISTS (SELECT 1 FROM input WHERE input.digest = blob.digest)`

/** Lock rows, open attempts, callbacks not delivered and uploads that no job names when every job has ended; no hub may run on the SQLite file. */
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
