import type { Command } from 'commander'
import { HubConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { dataFolder } from '../../compose/data-folder.ts'
import { daemonLog } from '../logging.ts'
import { printer } from '../print/printer.ts'
import { aborted, listenForStop } from '../stop-signals.ts'
import { readSettings } from '../../compose/read-settings.ts'
import { programVersion } from '../version.ts'

/** `millwright hub`: the hub alone; workers on this or other machines come to it. */
export function defineHub(command: Command, invocation: Invocation): void {
  command.description(
    'Starts a hub: takes jobs, hands them to workers, keeps the truth about them.',
  )
  addSettings(command, HubConfig)
  onRun(command, NoFlags, async () => {
    const { terminal } = invocation
    const config = await readSettings(HubConfig, command.opts(), terminal)
    const folder = dataFolder(config.data, terminal.env, terminal.cwd)
    const version = programVersion()
    const log = daemonLog(terminal, config.logLevel)
    using stop = listenForStop()
    // Loaded only here: a client command has no use for a server.
    const { openHub } = await import('../../compose/hub.ts')
    await using hub = await openHub(config, { folder, cwd: terminal.cwd, version, log })
    const print = printer(terminal, false)
    print.line(`millwright ${version} hub on ${hub.url} · data ${folder}`)
    print.line(`next: ${print.command(['worker'])}`)
    print.line('  on other machines: millwright worker --hub <url> --token-file <file>')
    const create = print.command(['tokens', 'create', '<name>', '--scope', 'worker'])
    print.line(`  with a token from: ${create}`)
    await Promise.race([aborted(stop.inOrder), hub.done])
  })
}
