import type { Command } from 'commander'
import type { Agent } from '../../agents/agent.ts'
import type { CommandLine } from '../../domain/hint.ts'
import { UpConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { dataFolder } from '../../compose/data-folder.ts'
import { daemonLog } from '../logging.ts'
import { printer } from '../print/printer.ts'
import { readSettings } from '../../compose/read-settings.ts'
import { workUntilStopped } from '../serve.ts'
import { listenForStop } from '../stop-signals.ts'
import { programVersion } from '../version.ts'

/** `millwright up`: hub and worker in one process; the first command on one machine. */
export function defineUp(command: Command, invocation: Invocation): void {
  command.description('Starts a hub and a worker in one process. Stop it with Ctrl-C.')
  addSettings(command, UpConfig)
  onRun(command, NoFlags, async () => {
    const { terminal } = invocation
    const config = await readSettings(UpConfig, command.opts(), terminal)
    const folder = dataFolder(config.data, terminal.env, terminal.cwd)
    const version = programVersion()
    const log = daemonLog(terminal, config.logLevel)
    using stop = listenForStop()
    // Loaded only here: a client command has no use for it.
    const { openUp } = await import('../../compose/up.ts')
    const { env, cwd } = terminal
    await using up = await openUp(config, { folder, version, log, env, cwd })
    const print = printer(terminal, false)
    print.line(`millwright ${version} on ${up.url} · data ${folder}`)
    print.line(up.worker.about)
    const [agent] = up.worker.agents
    if (agent !== undefined) print.line(`next: ${print.command(firstJob(agent))}`)
    await workUntilStopped(up.worker, [up.done], stop, print)
  })
}

function firstJob({ name, takes }: Agent): CommandLine {
  const rest = takes === 'program' ? ['--', '<program>'] : []
  return ['submit', '--wait', '--repo', '<address>', '--agent', name, '"<prompt>"', ...rest]
}
