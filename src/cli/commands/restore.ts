import type { Command } from 'commander'
import { dataFolder } from '../../compose/data-folder.ts'
import { HubConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { printer } from '../print/printer.ts'
import { readSettings } from '../../compose/read-settings.ts'

/** `millwright restore`: fills an empty hub from a backup. */
export function defineRestore(command: Command, { terminal }: Invocation): void {
  command
    .description(
      'Verifies every byte of a backup, then restores it into an empty data folder, database and ' +
        'store. Jobs that were running run again once their leases expire.',
    )
    .argument('<folder>', 'folder that contains the backup')
  addSettings(command, HubConfig)
  onRun(command, NoFlags, async (_, [source = '']) => {
    const config = await readSettings(HubConfig, command.opts(), terminal)
    // Imported only when the command runs, because the help does not need the code of a ledger.
    const { runRestore } = await import('../../backup/run-restore.ts')
    const { env, cwd } = terminal
    const data = dataFolder(config.data, env, cwd)
    const print = printer(terminal, false)
    print.line(await runRestore(source, config, { data, cwd }))
    print.line(
      `next: start the hub with ${print.command(['up'])} or ${print.command(['hub'])}; it creates a new admin token`,
    )
  })
}
