import { randomBytes } from 'node:crypto'
import { commandDriver } from '../../src/agents/command.ts'
import { codeKind } from '../../src/kinds/code/kind.ts'
import { generateKind } from '../../src/kinds/generate/kind.ts'
import { noProbe } from '../../src/domain/probe.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import { UNSIGNED } from '../../src/publish/commit.ts'
import type { WorkerContext } from '../../src/worker/context.ts'
import { workerIdentity } from '../../src/worker/identity.ts'
import { gitSettings } from './repository.ts'

const PATH = process.env['PATH'] ?? ''

/** What a test may want otherwise. */
export type WorkerChange = Partial<WorkerContext> & { readonly slots?: number }

/** What all test workers have in common, with their data in this folder. */
export async function workerContext(
  folder: string,
  hub: { readonly url: string; readonly workerToken: string },
  change: WorkerChange = {},
): Promise<WorkerContext> {
  const { slots = 1, ...context } = change
  const facts: Parameters<typeof workerIdentity>[1] = {
    name: 'tester',
    version: '0.1.0',
    slots,
    kinds: ['code', 'generate'],
    labels: [],
    offers: ['generator:command'],
    sandbox: 'none',
  }
  const source = { clock: systemClock, random: randomBytes }
  const drivers = new Map([['command', commandDriver({ path: PATH })]])
  const git = gitSettings(folder)
  return {
    ...source,
    hub: new HubClient({ url: hub.url, token: hub.workerToken }),
    identity: await workerIdentity(folder, facts, source),
    folder,
    kinds: new Map([
      [
        'code',
        codeKind({
          drivers,
          git,
          signature: UNSIGNED,
          path: PATH,
          clock: systemClock,
          cacheBytes: Infinity,
        }),
      ],
      ['generate', generateKind({ path: PATH, clock: systemClock })],
    ]),
    launchFor: (marker) => unconfined({ marker, log: silentLog }),
    openDoor: null,
    log: silentLog,
    probe: noProbe,
    leaseMs: 60_000,
    drainMs: 60_000,
    ...context,
  }
}
