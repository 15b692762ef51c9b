import { isAppError } from '../../domain/errors.ts'
import { programVersion } from '../version.ts'
import { type Check, failure, type Finding, ok, type Patient, warning } from './finding.ts'

/** Leases bear more; people who compare logs do not. */
const SKEW_MS_MAX = 2000

/** The hub on this data folder: whether it answers, its ledger, its clock, and its workers. */
export const checkHub: Check = async ({ hub }) => {
  if (hub === null) return [ok('hub', 'none runs on this data folder')]
  const { url, version } = hub.file
  try {
    const asked = Date.now()
    const response = await hub.client.open('ready', {})
    const skew = skewOf(response, asked, Date.now())
    const findings = [ok('hub', `${version} answers at ${url}; its ledger takes writes`)]
    return [...findings, ...(skew === null ? [] : [skew]), ...(await versions(hub))]
  } catch (error) {
    if (!isAppError(error)) throw error
    return [failure('hub', `at ${url}: ${error.message}`, error.mend)]
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

async function versions({ client }: NonNullable<Patient['hub']>): Promise<readonly Finding[]> {
  const { workers } = await client.call('listWorkers', {})
  const own = programVersion()
  const others = workers.filter(({ version }) => version !== own)
  if (others.length === 0) return [ok('versions', `${own} here and on ${workers.length} workers`)]
  const list = others.map(({ name, version }) => `${name} ${version}`).join(', ')
  return [warning('versions', `${own} here; ${list}`, 'Restart these workers with this version.')]
}
