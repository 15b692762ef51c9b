import type { Command } from 'commander'
import { UpConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { printer } from '../print/printer.ts'

/** `millwright doctor`: whether this machine can do the work. */
export function defineDoctor(command: Command, invocation: Invocation): void {
  const { terminal } = invocation
  command.description(
    'Checks this machine, its settings and its hub. Changes nothing; works beside a hub.',
  )
  addSettings(command, UpConfig)
    .option('--ledger', 'compare every job with its events instead, through the running hub')
    .option('--json', 'JSON on stdout')
  onRun(command, NoFlags, async () => {
    const { json, ledger = false, ...flags } = command.opts<{ json?: boolean; ledger?: boolean }>()
    // Loaded only here: it looks into every room.
    const { examine } = await import('../doctor/examine.ts')
    const isWell = await examine({ flags, ledger }, terminal, printer(terminal, json === true))
    if (!isWell) invocation.end(EXIT_CODES.cannotStart.code)
  })
}
