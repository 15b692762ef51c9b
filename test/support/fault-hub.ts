// A hub, composed as the command does it, with a probe and a clock of the fault suite's own. Says
// `ready <url>`; SIGTERM ends it in good order.
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
