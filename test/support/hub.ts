import { noProbe } from '../../src/domain/probe.ts'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDiskArtifacts } from '../../src/artifacts/disk-artifacts.ts'
import { openDiskLogs } from '../../src/artifacts/disk-logs.ts'
import type { Scope } from '../../src/domain/principal.ts'
import { type Hub, type HubOptions, startHub } from '../../src/hub/hub.ts'
import { issueToken } from '../../src/hub/tokens.ts'
import { collectGarbage } from '../../src/keeper/collect-garbage.ts'
import { KINDS } from '../../src/kinds/all.ts'
import { DeliveryTally } from '../../src/keeper/delivery-tally.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/open.ts'
import { silentLog } from '../../src/platform/log.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { type TestClock, testClock } from './clock.ts'

/** The version that test hubs and test workers report. */
export const TEST_VERSION = '0.1.0'

const RETENTION = { keepJobs: 90, keepLogs: 30 }
const isBackedUp = async (): Promise<boolean> => false

/** A real hub on a free port: SQLite ledger, stores on disk, no keeper loops. */
export type TestHub = AsyncDisposable & {
  readonly url: string
  readonly port: number
  /** The addresses of dialects with their own port. */
  readonly urls: ReadonlyMap<string, string>
  readonly routes: Hub['routes']
  readonly admin: HubClient
  readonly adminToken: string
  readonly worker: HubClient
  readonly workerToken: string
  readonly ledger: Ledger
  readonly clock: TestClock
  readonly folder: string
  /** A client whose token has only these scopes. */
  clientWith(...scopes: readonly Scope[]): Promise<HubClient>
  /** Closes the server and starts another on the same port; the ledger stays open. */
  restart(): Promise<void>
  /** Closes only the server. */
  close(): Promise<void>
}

/** Starts a hub for one test; `await using` stops it and removes its folder. */
export async function startTestHub(settings: Partial<HubOptions> = {}): Promise<TestHub> {
  await using opening = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'millwright-hub-'))
  opening.defer(() => rm(folder, { recursive: true, force: true }))
  const clock = testClock()
  const random = randomBytes
  const ledger = settings.ledger ?? opening.use(await openSqliteLedger({ folder, clock, random }))
  const artifacts = await openDiskArtifacts(join(folder, 'artifacts'))
  const logs = await openDiskLogs(join(folder, 'logs'))
  const collecting = {
    ledger,
    artifacts,
    logs,
    retention: RETENTION,
    isBackedUp,
    clock,
    probe: noProbe,
  }
  const context: HubOptions = {
    ledger,
    artifacts,
    logs,
    collectGarbage: (dryRun, signal) =>
      collectGarbage({ ...collecting, log: silentLog }, dryRun, signal),
    dialects: [],
    kinds: new Map(KINDS.map(({ schema }) => [schema.name, schema])),
    clock,
    random,
    log: silentLog,
    listen: { host: '127.0.0.1', port: 0 },
    allowHosts: [],
    behindProxy: false,
    version: TEST_VERSION,
    callbacks: { ports: [443], allow: [] },
    deliveries: new DeliveryTally(),
    ...settings,
  }
  let hub = await startHub(context)
  opening.defer(() => hub.close())
  const { url, port, urls, routes } = hub
  const tokenWith = async (...scopes: readonly Scope[]) =>
    (await issueToken({ ledger, random }, { name: scopes.join(' '), scopes, expiresAt: null }))
      .token
  const adminToken = await tokenWith('admin')
  const workerToken = await tokenWith('worker')
  const open = opening.move()
  return {
    url,
    port,
    urls,
    routes,
    admin: new HubClient({ url, token: adminToken }),
    adminToken,
    worker: new HubClient({ url, token: workerToken }),
    workerToken,
    ledger,
    clock,
    folder,
    clientWith: async (...scopes) => new HubClient({ url, token: await tokenWith(...scopes) }),
    restart: async () => {
      await hub.close()
      hub = await startHub({ ...context, listen: { host: '127.0.0.1', port } })
    },
    close: () => hub.close(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
