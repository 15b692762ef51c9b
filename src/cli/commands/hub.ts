import type { Command } from 'commander'
import { HubConfig } from '../../config/settings.ts'
import type { Invocation } from '../command.ts'
import { onDaemon } from '../daemon-command.ts'
import { aborted } from '../stop-signals.ts'

/** `millwright hub`: runs a hub to which workers on this and other machines connect. */
export function defineHub(command: Command, invocation: Invocation): void {
  command.description(
    'Starts a hub: it accepts jobs, leases them to workers and records their state.',
  )
  onDaemon(command, invocation, HubConfig, async ({ config, tools, print, stop }) => {
    // Imported only when the command runs, because the help does not need the code of a hub.
    const { openHub } = await import('../../compose/hub.ts')
    await using hub = await openHub(config, tools)
    print.line(`millwright ${tools.version} hub on ${hub.url} · data ${tools.folder}`)
    print.line(`next: ${print.command(['worker'])}`)
    print.line('  on other machines: millwright worker --hub <url> --token-file <file>')
    const create = print.command(['tokens', 'create', '<name>', '--scope', 'worker'])
    print.line(`  with a token from: ${create}`)
    await Promise.race([aborted(stop.graceful), hub.done])
  })
}
