import { randomBytes } from 'node:crypto'
import type { DriverFactory } from '../../src/agents/agent.ts'
import { command } from '../../src/agents/command.ts'
import { KINDS } from '../../src/kinds/all.ts'
import type { KindTools } from '../../src/kinds/kind.ts'
import { noProbe } from '../../src/domain/probe.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import type { GitSettings } from '../../src/workspace/git.ts'
import { UNSIGNED } from '../../src/publish/commit.ts'
import type { WorkerContext } from '../../src/worker/context.ts'
import { workerIdentity } from '../../src/worker/identity.ts'
import { gitSettings } from './repository.ts'

const PATH = process.env['PATH'] ?? ''
const HOST = { path: PATH, node: process.execPath, model: 'anthropic/claude-sonnet-4-5' }

/** What a test can change. */
export type WorkerChange = Partial<WorkerContext> & {
  readonly slots?: number
  /** Keys of the accounts at models that it uses. */
  readonly accounts?: string[]
  /** The agents it has and offers; by default only `command`. */
  readonly drivers?: Readonly<Record<string, DriverFactory>>
  readonly git?: Partial<GitSettings>
}

/** What all test workers have in common, with their data in this folder. */
export async function workerContext(
  folder: string,
  hub: { readonly url: string; readonly workerToken: string },
  change: WorkerChange = {},
): Promise<WorkerContext> {
  const { slots = 1, accounts = [], git = {}, ...context } = change
  const drivers = change.drivers ?? { command: await command.driver(HOST) }
  const kinds =
    change.kinds ??
    (await kindsWith({
      drivers: new Map(Object.entries(drivers)),
      git: gitSettings(folder, git),
      signature: UNSIGNED,
      path: PATH,
      clock: systemClock,
      cacheBytes: Infinity,
    }))
  const facts: Parameters<typeof workerIdentity>[1] = {
    name: 'tester',
    version: '0.1.0',
    slots,
    kinds: KINDS.map(({ schema }) => schema.name),
    labels: [],
    offers: KINDS.flatMap((kind) =>
      kind.offers({ agents: Object.keys(drivers), localRepositories: true }),
    ),
    accounts,
    sandbox: 'none',
  }
  const source = { clock: systemClock, random: randomBytes }
  return {
    ...source,
    hub: new HubClient({ url: hub.url, token: hub.workerToken }),
    identity: await workerIdentity(folder, facts, source),
    folder,
    kinds,
    launchFor: (marker) => unconfined({ marker, log: silentLog }),
    openDoor: null,
    log: silentLog,
    probe: noProbe,
    leaseMs: 60_000,
    drainMs: 60_000,
    ...context,
  }
}

async function kindsWith(tools: KindTools): Promise<WorkerContext['kinds']> {
  const works = KINDS.map(async (kind) => [kind.schema.name, await kind.work(tools)] as const)
  return new Map(await Promise.all(works))
}
