import type { Command } from 'commander'
import type { z } from 'zod'
import { dataFolder } from '../compose/data-folder.ts'
import { readSettings } from '../compose/read-settings.ts'
import type { WorkerTools } from '../compose/worker.ts'
import type { HubConfig, UpConfig, WorkerConfig } from '../config/settings.ts'
import { pinoLog } from '../platform/pino-log.ts'
import { addSettings, type Invocation, NoFlags, onRun } from './command.ts'
import { humanLog } from './print/human-log.ts'
import { type Printer, printer } from './print/printer.ts'
import { listenForStop, type StopSignals } from './stop-signals.ts'
import { programVersion } from './version.ts'

type Daemon<Config> = {
  readonly config: Config
  readonly tools: Omit<WorkerTools, 'hub'>
  readonly print: Printer
  readonly stop: StopSignals
}

/** Adds the settings of a hub, a worker or both to a command as flags, and sets its action. */
export function onDaemon<Schema extends typeof HubConfig | typeof WorkerConfig | typeof UpConfig>(
  command: Command,
  { terminal }: Invocation,
  schema: Schema,
  run: (daemon: Daemon<z.output<Schema>>) => Promise<void>,
): void {
  addSettings(command, schema)
  onRun(command, NoFlags, async () => {
    const config = await readSettings(schema, command.opts(), terminal)
    const { env, cwd, isTTY, stderr } = terminal
    const { logLevel: level, logFormat } = config
    const isText = logFormat === 'auto' ? isTTY.stderr : logFormat === 'text'
    const log = isText ? humanLog(terminal, level) : pinoLog({ level, destination: stderr })
    const folder = dataFolder(config.data, env, cwd)
    const tools = { folder, version: programVersion(), log, env, cwd }
    using stop = listenForStop()
    await run({ config, tools, print: printer(terminal, false), stop })
  })
}
