import type { Command } from 'commander'
import type { Agent } from '../../agents/agent.ts'
import type { CommandLine } from '../../domain/hint.ts'
import { UpConfig } from '../../config/settings.ts'
import type { Invocation } from '../command.ts'
import { onDaemon } from '../daemon-command.ts'
import { untilKnown, workUntilStopped } from '../serve.ts'

/** `millwright up`: runs a hub and a worker in one process. A single machine needs nothing else. */
export function defineUp(command: Command, invocation: Invocation): void {
  command.description('Starts a hub and a worker in one process. Press Ctrl-C to stop them.')
  onDaemon(command, invocation, UpConfig, async ({ config, tools, print, stop }) => {
    // Imported only when the command runs, because the help does not need the code of a hub or
    // worker.
    const { openUp } = await import('../../compose/up.ts')
    await using up = await openUp(config, tools)
    print.line(`millwright ${tools.version} on ${up.url} · data ${tools.folder}`)
    print.line(up.worker.about)
    const [agent] = up.worker.agents
    const isKnown = await untilKnown(up.worker, [up.done], stop)
    if (isKnown && agent !== undefined) print.line(`next: ${print.command(firstJob(agent))}`)
    await workUntilStopped(up.worker, [up.done], stop, print)
  })
}

function firstJob({ name, takes }: Agent): CommandLine {
  const rest = takes === 'program' ? ['--', '<program>'] : []
  return ['submit', '--wait', '--repo', '<address>', '--agent', name, '"<prompt>"', ...rest]
}
