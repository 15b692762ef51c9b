import type { Command } from 'commander'
import { findHub } from '../../compose/find-hub.ts'
import { WorkerConfig } from '../../config/settings.ts'
import type { Invocation } from '../command.ts'
import { onDaemon } from '../daemon-command.ts'
import { workUntilStopped } from '../serve.ts'

/** `millwright worker`: runs a worker for a hub on this or another machine. */
export function defineWorker(command: Command, invocation: Invocation): void {
  command.description(
    'Starts a worker: it leases jobs from a hub and runs their agents in a sandbox.',
  )
  onDaemon(command, invocation, WorkerConfig, async ({ config, tools, print, stop }) => {
    const hub = await findHub(config, tools, 'worker')
    const { openWorker } = await import('../../compose/worker.ts')
    await using worker = await openWorker(config, { ...tools, hub })
    print.line(`millwright ${tools.version} worker · data ${tools.folder}`)
    print.line(worker.about)
    await workUntilStopped(worker, [], stop, print)
  })
}
