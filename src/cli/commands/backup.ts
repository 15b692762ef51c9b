import type { Command } from 'commander'
import { dataFolder } from '../../compose/data-folder.ts'
import { HubConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { printer } from '../print/printer.ts'
import { programVersion } from '../version.ts'
import { readSettings } from '../../compose/read-settings.ts'

/** `millwright backup`: everything a hub keeps, as it is at this moment, beside the running hub. */
export function defineBackup(command: Command, { terminal }: Invocation): void {
  command
    .description(
      'Writes a backup into an empty folder. The hub may run on meanwhile. A backup of SQLite can ' +
        'be restored into PostgreSQL and the other way round.',
    )
    .argument('<folder>', 'where to; made when it is missing')
  addSettings(command, HubConfig)
  onRun(command, NoFlags, async (_, [target = '']) => {
    const config = await readSettings(HubConfig, command.opts(), terminal)
    // Loaded only here: a client command has no use for a ledger.
    const { runBackup } = await import('../../backup/run-backup.ts')
    const { env, cwd } = terminal
    const data = dataFolder(config.data, env, cwd)
    printer(terminal, false).line(
      await runBackup(target, config, { data, cwd, version: programVersion() }),
    )
  })
}
