// What the entry programs of the fault suite have in common. They are the only ones with a probe
// that does something, and with a clock that can be set.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { z } from 'zod'
import type { HubConfig, WorkerConfig } from '../../src/config/settings.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { pinoLog } from '../../src/platform/pino-log.ts'
import type { Probe } from '../../src/domain/probe.ts'
import { faultProbe, type Plan } from './fault-probe.ts'
import { TEST_VERSION } from './hub.ts'

/** The only argument of such a program, as JSON. */
export type FaultSettings = {
  readonly folder: string
  readonly plan: Plan | null
  readonly hub: z.input<typeof HubConfig>
  readonly worker: z.input<typeof WorkerConfig>
  /** How a worker reaches its hub. */
  readonly way: { readonly url: string; readonly token: string }
}

/** The dependencies of such a program. Its standard input accepts `go` and `step <ms>`. */
export function faultProgram() {
  // Written by the suite itself, so its shape is known.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const settings = JSON.parse(process.argv[2] ?? '') as FaultSettings
  const orders = createInterface({ input: process.stdin })
  let ahead = 0
  orders.on('line', (line) => (ahead += Number(/^step (-?\d+)$/.exec(line)?.[1] ?? 0)))
  // The parent process has ended.
  orders.once('close', () => process.exit())
  const goOn = async (): Promise<void> => {
    for (;;) {
      const [line] = await once(orders, 'line')
      if (line === 'go') return
    }
  }
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead }
  const probe: Probe = faultProbe(settings.plan, goOn)
  const { folder } = settings
  const log = pinoLog({ level: 'info', destination: process.stderr })
  return {
    ...settings,
    tools: { folder, cwd: folder, version: TEST_VERSION, log, clock, probe },
    end: () => orders.close(),
  }
}
