import type { Command } from 'commander'
import { dataFolder } from '../../compose/data-folder.ts'
import { readSettings } from '../../compose/read-settings.ts'
import { UpConfig } from '../../config/settings.ts'
import type { Finding } from '../../doctor/finding.ts'
import { hintText } from '../../domain/hint.ts'
import { plural } from '../../domain/plural.ts'
import { safeLine } from '../../words/safe-text.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { columns, type Printer, printer } from '../print/printer.ts'
import { programVersion } from '../version.ts'

/** `millwright doctor`: checks whether this machine can run jobs. */
export function defineDoctor(command: Command, invocation: Invocation): void {
  const { terminal } = invocation
  command.description(
    'Checks this machine, its settings and its hub. Changes nothing, and works while the hub is running.',
  )
  addSettings(command, UpConfig)
    .option(
      '--ledger',
      'run only this check: compare every job with its events, through the running hub',
    )
    .option('--json', 'print JSON on stdout')
  onRun(command, NoFlags, async () => {
    const { json, ledger = false, ...flags } = command.opts<{ json?: boolean; ledger?: boolean }>()
    const print = printer(terminal, json === true)
    const { env, cwd } = terminal
    const config = await readSettings(UpConfig, flags, terminal)
    const folder = dataFolder(config.data, env, cwd)
    // Imported only when the command runs, because `examine.ts` imports most of the program.
    const { examine, examineLedger } = await import('../../doctor/examine.ts')
    const machine = { config, folder, env, cwd, path: env['PATH'] ?? '', version: programVersion() }
    const isSound = ledger
      ? printDifferences(await examineLedger(folder), print)
      : printFindings(await examine(machine), print)
    if (!isSound) invocation.end(EXIT_CODES.cannotStart.code)
  })
}

/** Prints what the checks found. Returns true if no check failed. */
function printFindings(findings: readonly Finding[], print: Printer): boolean {
  const failures = findings.filter(({ verdict }) => verdict === 'failure').length
  if (print.json) {
    print.document({
      findings: findings.map(({ fix, ...finding }) =>
        fix === undefined ? finding : { ...finding, fix: hintText(fix) },
      ),
    })
  } else {
    for (const line of columns(findings.map((finding) => rowOf(finding, print)))) print.line(line)
    const warnings = findings.filter(({ verdict }) => verdict === 'warning').length
    print.line(`${plural(failures, 'failure')}, ${plural(warnings, 'warning')}`)
  }
  return failures === 0
}

const COLOR = { ok: 'green', warning: 'yellow', failure: 'red' } as const

const rowOf = ({ check, verdict, says, fix }: Finding, print: Printer): readonly string[] => [
  print.paint(COLOR[verdict], verdict),
  check,
  safeLine(fix === undefined ? says : `${says}. ${print.hint(fix)}`),
]

/** Prints the differences between jobs and their events. Returns true if there are none. */
function printDifferences(
  compared: { readonly jobs: number; readonly differences: readonly unknown[] },
  print: Printer,
): boolean {
  const { jobs, differences } = compared
  if (print.json) print.document(compared)
  else {
    for (const difference of differences) print.line(safeLine(JSON.stringify(difference)))
    print.line(`compared ${plural(jobs, 'job')}, ${plural(differences.length, 'difference')}`)
  }
  return differences.length === 0
}
