import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { makeSend } from '../callbacks/send.ts'
import type { HubConfig } from '../config/settings.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { noProbe, type Probe } from '../domain/probe.ts'
import { type Hub, type HubOptions, startHub } from '../hub/hub.ts'
import { collect } from '../keeper/collect.ts'
import { DeliveryTally } from '../keeper/delivery-tally.ts'
import { startKeeper } from '../keeper/keeper.ts'
import { KINDS } from '../kinds/all.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { watchFreeSpace } from '../platform/disk-space.ts'
import { writeDurably } from '../platform/durable-file.ts'
import type { Logger } from '../platform/log.ts'
import { portOwner } from '../platform/port-owner.ts'
import { callbackSecrets } from './callback-secret.ts'
import { openKept } from './compose-ledger.ts'
import { type HubFile, hubFileIn, readHubFile } from './find-hub.ts'
import { ensureTokenFile } from './token-file.ts'

/** A hub with everything it stands on. */
export type OpenHub = AsyncDisposable & {
  readonly url: string
  /** For a worker on this machine; kept in the data folder like the admin’s. */
  readonly workerToken: string
  /** Rejects when a background loop failed; the program should not survive that. */
  readonly done: Promise<void>
}

/**
 * Opens a data folder and serves it: ledger, stores, background loops, HTTP, and the files by
 * which commands on this machine find it. Disposing closes them in the opposite order.
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
  await using opening = new AsyncDisposableStack()
  const kept = opening.use(await openKept(config, tools))
  const { ledger, artifacts, logs } = kept
  const secrets = await callbackSecrets(config, folder, random)
  const rules = { allow: config.callbackAllow, ports: config.callbackPort }
  const send = secrets === null ? null : makeSend({ rules, secrets, clock, version })
  const tally = new DeliveryTally()
  const collecting = { ...kept, retention: config, clock, log, probe }
  const keeper = startKeeper({ ...collecting, stores: [artifacts, logs], send, tally, random })
  opening.defer(() => keeper.stop())
  const tokens = { ledger, random, folder }
  await ensureTokenFile(tokens, 'admin')
  const workerToken = await ensureTokenFile(tokens, 'worker')
  await probe('ledger-opened')
  const hub = await listen({
    ledger,
    artifacts,
    logs,
    clock,
    random,
    log,
    version,
    collect: (dryRun, signal) => collect(collecting, dryRun, signal),
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
  await announce(folder, { url: hub.url, pid: process.pid, version })
  opening.defer(() => withdraw(folder, hub.url))
  const open = opening.move()
  return {
    url: hub.url,
    workerToken,
    done: keeper.done,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** Adds to a taken port who has it. */
async function listen(options: HubOptions): Promise<Hub> {
  try {
    return await startHub(options)
  } catch (error) {
    if (!isAppError(error, 'port-taken')) throw error
    const pid = await portOwner(Number(error.details['port']))
    if (pid === null) throw error
    throw new AppError('port-taken', `${error.message} It is process ${pid}.`, {
      cause: error,
      details: { ...error.details, pid },
    })
  }
}

const announce = (folder: string, file: HubFile): Promise<void> =>
  writeDurably(hubFileIn(folder), `${JSON.stringify(file)}\n`)

/** Removes the file unless another hub has written its own meanwhile. */
async function withdraw(folder: string, url: string): Promise<void> {
  const file = await readHubFile(folder)
  if (file?.pid === process.pid && file.url === url) await rm(hubFileIn(folder), { force: true })
}
