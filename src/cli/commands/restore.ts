import type { Command } from 'commander'
import { dataFolder } from '../../compose/data-folder.ts'
import { HubConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { printer } from '../print/printer.ts'
import { readSettings } from '../../compose/read-settings.ts'

/** `millwright restore`: a backup becomes a hub's data again. */
export function defineRestore(command: Command, { terminal }: Invocation): void {
  command
    .description(
      'Checks every byte of a backup, then fills an empty data folder, database and store with it. ' +
        'Jobs that ran run again when their leases have run out.',
    )
    .argument('<folder>', 'the backup')
  addSettings(command, HubConfig)
  onRun(command, NoFlags, async (_, [source = '']) => {
    const config = await readSettings(HubConfig, command.opts(), terminal)
    // Loaded only here: a client command has no use for a ledger.
    const { runRestore } = await import('../../backup/run-restore.ts')
    const { env, cwd } = terminal
    const data = dataFolder(config.data, env, cwd)
    const print = printer(terminal, false)
    print.line(await runRestore(source, config, { data, cwd }))
    print.line(
      `next: ${print.command(['up'])}, or ${print.command(['hub'])}; a new admin token is made there`,
    )
  })
}
