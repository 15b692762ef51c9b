// A worker composed like the real command, with the probe and clock of the fault suite. Prints
// `ready`; SIGTERM drains it.
import { openWorker } from '../../src/compose/worker.ts'
import { aborted, listenForStop } from '../../src/cli/stop-signals.ts'
import { WorkerConfig } from '../../src/config/settings.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { say } from './fault-probe.ts'
import { faultProgram } from './fault-program.ts'

const { worker: config, way, tools, end } = faultProgram()
{
  using stop = listenForStop()
  const hub = new HubClient({ ...way, probe: tools.probe })
  const env = { PATH: process.env['PATH'] ?? '' }
  await using worker = await openWorker(WorkerConfig.parse(config), { ...tools, hub, env })
  say('ready')
  worker.done.catch((error: unknown) => tools.log.error({ error }, 'worker failed'))
  await Promise.race([aborted(stop.graceful), worker.done])
  await worker.drain()
}
end()
