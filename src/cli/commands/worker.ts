import type { Command } from 'commander'
import { WorkerConfig } from '../../config/settings.ts'
import { addSettings, type Invocation, NoFlags, onRun } from '../command.ts'
import { dataFolder } from '../../compose/data-folder.ts'
import { findHub } from '../../compose/find-hub.ts'
import { daemonLog } from '../logging.ts'
import { printer } from '../print/printer.ts'
import { readSettings } from '../../compose/read-settings.ts'
import { workUntilStopped } from '../serve.ts'
import { listenForStop } from '../stop-signals.ts'
import { programVersion } from '../version.ts'

/** `millwright worker`: a worker for a hub on this or another machine. */
export function defineWorker(command: Command, invocation: Invocation): void {
  command.description('Starts a worker: leases jobs from a hub and runs their agents, confined.')
  addSettings(command, WorkerConfig)
  onRun(command, NoFlags, async () => {
    const { terminal } = invocation
    const config = await readSettings(WorkerConfig, command.opts(), terminal)
    const folder = dataFolder(config.data, terminal.env, terminal.cwd)
    const version = programVersion()
    const log = daemonLog(terminal, config.logLevel)
    using stop = listenForStop()
    const { env, cwd } = terminal
    const hub = await findHub(config, terminal, 'worker')
    const { openWorker } = await import('../../compose/worker.ts')
    await using worker = await openWorker(config, { hub, folder, version, log, env, cwd })
    const print = printer(terminal, false)
    print.line(`millwright ${version} worker · data ${folder}`)
    print.line(worker.about)
    await workUntilStopped(worker, [], stop, print)
  })
}
