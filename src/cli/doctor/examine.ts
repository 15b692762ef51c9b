import { UpConfig } from '../../config/settings.ts'
import { AppError } from '../../domain/errors.ts'
import { HubClient } from '../../protocol/client.ts'
import { dataFolder, readHubFile, readTokenFile, tokenIn } from '../find-hub.ts'
import { columns, type Printer } from '../print/printer.ts'
import { safeLine } from '../print/safe-text.ts'
import { readSettings } from '../read-settings.ts'
import type { Terminal } from '../terminal.ts'
import { checkDisk } from './disk.ts'
import type { Check, Finding, Patient } from './finding.ts'
import { checkGit } from './git.ts'
import { checkHub } from './hub.ts'
import { differences } from './ledger.ts'
import { checkLimits, checkModel, checkPrograms } from './programs.ts'
import { checkSandbox } from './sandbox.ts'
import { checkStored } from './stored.ts'

/** Every check, in the order in which one would look. */
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

/** Checks this machine and its hub, or every job against its events. @returns whether all is well */
export async function examine(
  call: { readonly flags: Readonly<Record<string, unknown>>; readonly ledger: boolean },
  terminal: Terminal,
  print: Printer,
): Promise<boolean> {
  const patient = await admit(call.flags, terminal)
  return call.ledger ? await checkLedger(patient, print) : await checkAll(patient, print)
}

async function admit(
  flags: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<Patient> {
  const { env, cwd } = terminal
  const config = await readSettings(UpConfig, flags, terminal)
  const folder = dataFolder(config.data, env, cwd)
  const file = await readHubFile(folder)
  const hub = file === null ? null : { file, client: await clientOf(folder, file.url) }
  return { config, folder, env, cwd, path: env['PATH'] ?? '', hub }
}

const clientOf = async (folder: string, url: string): Promise<HubClient> =>
  new HubClient({ url, token: await readTokenFile(tokenIn(folder, 'admin')) })

async function checkAll(patient: Patient, print: Printer): Promise<boolean> {
  const findings: Finding[] = []
  for (const check of CHECKS) findings.push(...(await check(patient)))
  const failures = findings.filter(({ verdict }) => verdict === 'failure').length
  if (print.json) print.document({ findings })
  else {
    for (const line of columns(findings.map((finding) => row(finding, print)))) print.line(line)
    const warnings = findings.filter(({ verdict }) => verdict === 'warning').length
    print.line(`${failures} failures, ${warnings} warnings`)
  }
  return failures === 0
}

const COLOUR = { ok: 'green', warning: 'yellow', failure: 'red' } as const

const row = ({ check, verdict, says, mend }: Finding, print: Printer): readonly string[] => [
  print.paint(COLOUR[verdict], verdict),
  check,
  safeLine(mend === undefined ? says : `${says}. ${print.hint(mend)}`),
]

async function checkLedger({ hub, folder }: Patient, print: Printer): Promise<boolean> {
  if (hub === null) {
    throw new AppError('hub-unreachable', `No hub runs with the data folder ${folder}`)
  }
  const found: unknown[] = []
  let jobs = 0
  for await (const look of differences(hub.client)) {
    jobs = look.checked
    if (look.found !== null) found.push(look.found)
  }
  if (print.json) print.document({ jobs, differences: found })
  else {
    for (const difference of found) print.line(safeLine(JSON.stringify(difference)))
    print.line(`${jobs} jobs compared with their events, ${found.length} differ`)
  }
  return found.length === 0
}
