// A hub composed like the real command, with the probe and clock of the fault suite. Prints
// `ready <url>`; SIGTERM shuts it down cleanly.
import { openHub } from '../../src/compose/hub.ts'
import { aborted, listenForStop } from '../../src/cli/stop-signals.ts'
import { HubConfig } from '../../src/config/settings.ts'
import { say } from './fault-probe.ts'
import { faultProgram } from './fault-program.ts'

const { hub: config, tools, end } = faultProgram()
{
  using stop = listenForStop()
  await using hub = await openHub(HubConfig.parse(config), tools)
  say(`ready ${hub.url}`)
  await Promise.race([aborted(stop.graceful), hub.done])
}
end()
