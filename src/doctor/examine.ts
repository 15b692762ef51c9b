import { readHubFile, tokenIn } from '../compose/data-folder.ts'
import { readTokenFile } from '../compose/find-hub.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { HubClient } from '../protocol/client.ts'
import { isAway } from '../words/why-waiting.ts'
import { checkDisk } from './disk.ts'
import type { Check, Finding, Machine } from './finding.ts'
import { checkGit } from './git.ts'
import { checkHub } from './hub.ts'
import { type Difference, differences } from './ledger.ts'
import { checkLimits, checkModel, checkPrograms } from './programs.ts'
import { checkSandbox } from './sandbox.ts'
import { checkStored } from './stored.ts'

/** Every check, in the order in which results are reported. */
const CHECKS: readonly Check[] = [
  checkPrograms,
  checkGit,
  checkSandbox,
  checkModel,
  checkLimits,
  checkDisk,
  checkStored,
  checkHub,
]

/** Runs all checks of a machine, its settings and the hub that runs on its data folder. */
export async function examine(
  machine: Omit<Machine, 'hub' | 'workers'>,
): Promise<readonly Finding[]> {
  const hub = await hubOn(machine.folder)
  const withHub = {
    ...machine,
    hub,
    workers: hub === null ? [] : await connectedWorkers(hub.client),
  }
  const findings: Finding[] = []
  for (const check of CHECKS) findings.push(...(await check(withHub)))
  return findings
}

/**
 * Asks the running hub of a data folder to compare every job with its events. Returns the number of
 * jobs, and a list of the differences. Throws `hub-unreachable` if no hub uses the folder.
 */
export async function examineLedger(
  folder: string,
): Promise<{ readonly jobs: number; readonly differences: readonly Difference[] }> {
  const hub = await hubOn(folder)
  if (hub === null) {
    throw new AppError('hub-unreachable', `No hub is running with the data folder ${folder}`)
  }
  const found: Difference[] = []
  let jobs = 0
  for await (const progress of differences(hub.client)) {
    jobs = progress.checked
    if (progress.found !== null) found.push(progress.found)
  }
  return { jobs, differences: found }
}

/**
 * Lists the connected workers. Returns an empty list if the hub does not answer; `checkHub` reports
 * that failure.
 */
async function connectedWorkers(client: HubClient): Promise<Machine['workers']> {
  try {
    const { workers } = await client.call('listWorkers', {})
    const now = Date.now()
    return workers.filter((worker) => !isAway(worker, now))
  } catch (error) {
    if (isAppError(error)) return []
    throw error
  }
}

async function hubOn(folder: string): Promise<Machine['hub']> {
  const file = await readHubFile(folder)
  if (file === null) return null
  const token = await readTokenFile(tokenIn(folder, 'admin'))
  return { file, client: new HubClient({ url: file.url, token }) }
}
