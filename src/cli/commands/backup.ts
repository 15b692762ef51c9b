import type { Command } from 'commander'
import { dataFolder } from '../../compose/data-folder.ts'
import { HubConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { printer } from '../print/printer.ts'
import { programVersion } from '../version.ts'
import { readSettings } from '../../compose/read-settings.ts'

/** `millwright backup`: backs up a hub, even while it is running. */
export function defineBackup(command: Command, { terminal }: Invocation): void {
  command
    .description(
      'Writes a backup into an empty folder, even while the hub is running. A backup of SQLite can be ' +
        'restored into PostgreSQL and vice versa.',
    )
    .argument('<folder>', 'folder to write the backup to; created if missing')
  addSettings(command, HubConfig)
  onRun(command, NoFlags, async (_, [target = '']) => {
    const config = await readSettings(HubConfig, command.opts(), terminal)
    // Imported only when the command runs, because the help does not need the code of a ledger.
    const { runBackup } = await import('../../backup/run-backup.ts')
    const { env, cwd } = terminal
    const data = dataFolder(config.data, env, cwd)
    printer(terminal, false).line(
      await runBackup(target, config, { data, cwd, version: programVersion() }),
    )
  })
}
