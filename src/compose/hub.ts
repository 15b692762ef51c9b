import { randomBytes } from 'node:crypto'
import { makeSend } from '../callbacks/send.ts'
import type { HubConfig } from '../config/settings.ts'
import { noProbe, type Probe } from '../domain/probe.ts'
import { demandBindable, startHub } from '../hub/hub.ts'
import { collectGarbage } from '../keeper/collect-garbage.ts'
import { DeliveryTally } from '../keeper/delivery-tally.ts'
import { startKeeper } from '../keeper/keeper.ts'
import { KINDS } from '../kinds/all.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { watchFreeSpace } from '../platform/disk-space.ts'
import type { Logger } from '../platform/log.ts'
import { callbackSecrets } from './callback-secret.ts'
import { removeHubFile, writeHubFile } from './data-folder.ts'
import { openStorage } from './storage.ts'
import { ensureTokenFile } from './token-file.ts'
import { whileFolderLasts } from './watch-folder.ts'

/** A running hub with its storage and background loops. */
export type OpenHub = AsyncDisposable & {
  readonly url: string
  /**
   * The token for a worker on this machine. It is also written to the data folder, like the admin
   * token.
   */
  readonly workerToken: string
  /**
   * Rejects when a background loop fails or the data folder is lost; the program must then exit.
   */
  readonly done: Promise<void>
}

/**
 * Starts a hub on a data folder: opens the ledger and the stores, starts the background loops and
 * the HTTP server, and writes the files that commands on this machine use to find the hub.
 * Disposing undoes these steps in reverse order.
 */
export async function openHub(
  config: HubConfig,
  tools: {
    readonly folder: string
    readonly cwd: string
    readonly version: string
    readonly log: Logger
    readonly clock?: Clock
    readonly probe?: Probe
  },
): Promise<OpenHub> {
  const { folder, version, log, clock = systemClock, probe = noProbe } = tools
  const random = randomBytes
  // Checked before the data folder is made, so that a refused start leaves nothing behind.
  demandBindable(config.host, config.behindProxy)
  await using opening = new AsyncDisposableStack()
  const storage = opening.use(await openStorage(config, tools))
  const { ledger, artifacts, logs } = storage
  const secrets = await callbackSecrets(config, folder, random)
  const rules = { allow: config.callbackAllow, ports: config.callbackPort }
  const send = secrets === null ? null : makeSend({ rules, secrets, clock, version })
  const tally = new DeliveryTally()
  const collecting = { ...storage, retention: config, clock, log, probe }
  const keeper = startKeeper({ ...collecting, stores: [artifacts, logs], send, tally, random })
  opening.defer(() => keeper.stop())
  const tokens = { ledger, random, folder }
  await ensureTokenFile(tokens, 'admin')
  const workerToken = await ensureTokenFile(tokens, 'worker')
  await probe('ledger-opened')
  const hub = await startHub({
    ledger,
    artifacts,
    logs,
    clock,
    random,
    log,
    version,
    collectGarbage: (dryRun, signal) => collectGarbage(collecting, dryRun, signal),
    dialects: [],
    kinds: new Map(KINDS.map(({ schema }) => [schema.name, schema])),
    listen: { host: config.host, port: config.port },
    allowHosts: config.allowHost,
    behindProxy: config.behindProxy,
    callbacks: secrets === null ? null : rules,
    deliveries: tally,
    disk: { freeBytes: watchFreeSpace(folder, clock), floorBytes: config.keepFree },
  })
  opening.defer(() => hub.close())
  opening.defer(async () => probe('hub-stopping'))
  const file = { url: hub.url, pid: process.pid, version, settings: config }
  await writeHubFile(folder, file)
  opening.defer(() => removeHubFile(folder, file))
  const done = whileFolderLasts(folder, keeper.done, clock)
  // Nothing awaits `done` until the hub and the worker are open. Without this line, Node would end
  // the process for a rejection before that.
  done.catch(() => {})
  const open = opening.move()
  return {
    url: hub.url,
    workerToken,
    done,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
