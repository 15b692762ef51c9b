import type { Command } from 'commander'
import { UpConfig } from '../../config/settings.ts'
import { AppError } from '../../domain/errors.ts'
import { HubClient } from '../../protocol/client.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { checkDisk } from '../doctor/disk.ts'
import type { Check, Finding, Patient } from '../doctor/finding.ts'
import { checkGit } from '../doctor/git.ts'
import { checkHub } from '../doctor/hub.ts'
import { differences } from '../doctor/ledger.ts'
import { checkLimits, checkModel, checkPrograms } from '../doctor/programs.ts'
import { checkSandbox } from '../doctor/sandbox.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { dataFolder, readHubFile, readTokenFile, tokenIn } from '../find-hub.ts'
import { columns, type Printer, printer } from '../print/printer.ts'
import { safeLine } from '../print/safe-text.ts'
import { readSettings } from '../read-settings.ts'
import type { Terminal } from '../terminal.ts'

/** Every check, in the order in which one would look. */
const CHECKS: readonly Check[] = [
  checkPrograms,
  checkGit,
  checkSandbox,
  checkModel,
  checkLimits,
  checkDisk,
  checkHub,
]

/** `millwright doctor`: whether this machine can do the work. */
export function addDoctor(program: Command, invocation: Invocation): void {
  const { terminal } = invocation
  const command = program
    .command('doctor')
    .summary('check whether everything here works')
    .description(
      'Checks this machine, its settings and its hub. Changes nothing; works beside a hub.',
    )
  addSettings(command, UpConfig)
    .option('--ledger', 'compare every job with its events instead, through the running hub')
    .option('--json', 'JSON on stdout')
  onRun(command, NoFlags, async () => {
    const { json, ledger, ...flags } = command.opts<{
      json?: boolean
      ledger?: boolean
    }>()
    const print = printer(terminal, json === true)
    const patient = await examine(flags, terminal)
    const isWell =
      ledger === true ? await checkLedger(patient, print) : await checkAll(patient, print)
    if (!isWell) invocation.end(EXIT_CODES.cannotStart.code)
  })
}

async function examine(
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
  safeLine(mend === undefined ? says : `${says}. ${mend}`),
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
