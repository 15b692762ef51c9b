import { isAppError } from '../domain/errors.ts'
import { hint } from '../domain/hint.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import { isAway } from '../words/why-waiting.ts'
import { type Check, failure, type Finding, ok, type Patient, warning } from './finding.ts'

/** Leases bear more; people who compare logs do not. */
const SKEW_MS_MAX = 2000

/** The hub on this data folder: whether it answers, its ledger, its clock, and its workers. */
export const checkHub: Check = async ({ hub, version: own }) => {
  if (hub === null) return [ok('hub', 'none runs on this data folder')]
  const { url, version } = hub.file
  try {
    const asked = Date.now()
    const response = await hub.client.open('ready', {})
    const skew = skewOf(response, asked, Date.now())
    const findings = [ok('hub', `${version} answers at ${url}; its ledger takes writes`)]
    return [...findings, ...(skew === null ? [] : [skew]), ...(await workers(hub, own))]
  } catch (error) {
    if (!isAppError(error)) throw error
    return [failure('hub', `at ${url}: ${error.message}`, error.fix)]
  }
}

/** The Date header counts in seconds. */
function skewOf(response: Response, asked: number, answered: number): Finding | null {
  const told = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(told)) return null
  const skew = Math.max(asked - told - 1000, told - answered, 0)
  if (skew <= SKEW_MS_MAX) return ok('clock', 'hub and this machine agree')
  return warning('clock', `the hub’s differs by ${skew} ms`, 'Run a time service on both machines.')
}

async function workers(
  { client }: NonNullable<Patient['hub']>,
  own: string,
): Promise<readonly Finding[]> {
  const { workers: known } = await client.call('listWorkers', {})
  const queued = await client.call('listJobs', { query: { state: ['queued'], limit: 1 } })
  const now = Date.now()
  const there = known.filter((worker) => !isAway(worker, now))
  return [
    ...(there.length === 0 && queued.jobs.length > 0 ? [NOBODY_WORKS] : []),
    versions(there, own),
  ]
}

const NOBODY_WORKS = warning(
  'workers',
  'jobs are queued and no worker asks for work',
  hint('Start one with', ['worker']),
)

function versions(there: readonly WorkerIdentity[], own: string): Finding {
  const others = there.filter(({ version }) => version !== own)
  if (others.length === 0) return ok('versions', `${own} here and on ${there.length} workers`)
  const list = others.map(({ name, version }) => `${name} ${version}`).join(', ')
  return warning('versions', `${own} here; ${list}`, 'Restart these workers with this version.')
}
