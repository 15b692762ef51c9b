import { isAppError } from '../domain/errors.ts'
import { hint } from '../domain/hint.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import { plural } from '../domain/plural.ts'
import { type Check, failure, type Finding, ok, type Machine, warning } from './finding.ts'
import { offeredAgents } from './offered-agents.ts'

/**
 * Maximum clock skew without a warning, in milliseconds. A larger skew does not affect leases, but
 * it makes logs from two machines hard to compare.
 */
const SKEW_MS_MAX = 2000

/** Checks the hub on this data folder: that it answers, its ledger, its clock, and its workers. */
export const checkHub: Check = async ({ hub, workers, version: own }) => {
  if (hub === null) return [ok('hub', 'no hub is running with this data folder')]
  const { url, version } = hub.file
  try {
    const asked = Date.now()
    const response = await hub.client.open('ready', {})
    const skew = skewOf(response, asked, Date.now())
    const findings = [ok('hub', `version ${version} answers at ${url}; its ledger accepts writes`)]
    return [
      ...findings,
      ...(skew === null ? [] : [skew]),
      ...(await workerFindings(hub, workers, own)),
    ]
  } catch (error) {
    if (!isAppError(error)) throw error
    return [failure('hub', `at ${url}: ${error.message}`, error.fix)]
  }
}

/**
 * Compares the hub's clock with this machine's. The hub's time comes from the Date header, which is
 * in whole seconds. Returns null if there is no such header.
 */
function skewOf(response: Response, asked: number, answered: number): Finding | null {
  const hubTime = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(hubTime)) return null
  const skew = Math.max(asked - hubTime - 1000, hubTime - answered, 0)
  if (skew <= SKEW_MS_MAX) return ok('clock', 'the clocks of the hub and this machine agree')
  return warning(
    'clock',
    `the clocks of the hub and this machine differ by ${skew} ms`,
    'Synchronize both clocks, for example with NTP.',
  )
}

async function workerFindings(
  { client }: NonNullable<Machine['hub']>,
  connected: Machine['workers'],
  own: string,
): Promise<readonly Finding[]> {
  const queued = await client.call('listJobs', { query: { state: ['queued'], limit: 1 } })
  return [
    ...connected.map((worker) => ok(`worker ${worker.name}`, about(worker))),
    ...(connected.length === 0 && queued.jobs.length > 0 ? [NO_WORKER] : []),
    versions(connected, own),
  ]
}

/** Describes a connected worker by the values that it reported to the hub. */
const about = (worker: WorkerIdentity): string =>
  [
    `agents: ${offeredAgents(worker).join(', ')}`,
    worker.sandbox === 'none' ? 'NO SANDBOX' : `sandbox ${worker.sandbox}`,
    plural(worker.slots, 'slot'),
    ...(worker.labels.length === 0 ? [] : [`labels ${worker.labels.join(', ')}`]),
  ].join(' · ')

const NO_WORKER = warning(
  'workers',
  'jobs are queued, but no worker is connected',
  hint('Start one with', ['worker']),
)

function versions(workers: readonly WorkerIdentity[], own: string): Finding {
  const others = workers.filter(({ version }) => version !== own)
  if (others.length === 0)
    return ok('versions', `${own} here and on ${plural(workers.length, 'worker')}`)
  const list = others.map(({ name, version }) => `${name} ${version}`).join(', ')
  return warning(
    'versions',
    `${own} here, but other versions on workers: ${list}`,
    'Restart these workers with this version.',
  )
}
