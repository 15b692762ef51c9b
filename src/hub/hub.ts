import { AppError } from '../domain/errors.ts'
import { isLoopback } from '../domain/loopback.ts'
import { type HubContext, type HubState, makeHubState } from './context.ts'
import type { Dialect } from './dialect.ts'
import { HUB_LIMITS } from './limits.ts'
import { ownApi } from './own-api.ts'
import type { MountedRoute } from './server.ts'
import { type Listen, makeServers, type Servers } from './servers.ts'

/** A hub that answers. */
export type Hub = {
  readonly url: string
  readonly port: number
  /** Where dialects with a port of their own listen, by their names. */
  readonly urls: ReadonlyMap<string, string>
  /** What it answers, of every dialect. */
  readonly routes: readonly MountedRoute[]
  /**
   * Takes no new connection, ends waiting requests and streams at once, and answers what is under
   * way for as long as `limits.drainMs`. The ledger is not closed.
   */
  close(): Promise<void>
}

export type HubOptions = HubContext & {
  /** Further ways to talk to it, beside our own API. */
  readonly dialects: readonly Dialect[]
}

/**
 * Starts the HTTP servers: one for our own API and every dialect that shares its port, and one for
 * each dialect with a port of its own. Throws `bind-refused` for an address beyond this machine
 * without a proxy in front, and `port-taken`.
 */
export async function startHub({ dialects, ...context }: HubOptions): Promise<Hub> {
  const { listen } = context
  for (const place of [listen, ...dialects.filter(hasPort).map((dialect) => dialect.listen)]) {
    demandBindable(place, context)
  }
  const closing = new AbortController()
  const hub = makeHubState(context, { ...HUB_LIMITS, ...context.limits }, closing.signal)
  const servers = makeServers(hub)
  const stop = async (): Promise<void> => {
    closing.abort()
    await servers.drain()
    hub.metrics.close()
  }
  try {
    const shared = dialects.filter((dialect) => !hasPort(dialect))
    const own = await servers.open(listen, [ownApi, ...shared])
    const urls = await openOthers(servers, dialects.filter(hasPort))
    return { ...own, urls, routes: servers.routes, close: untilClosed(hub, stop) }
  } catch (error) {
    await stop()
    throw error
  }
}

type WithPort = Dialect & { readonly listen: Listen }

const hasPort = (dialect: Dialect): dialect is WithPort => dialect.listen !== undefined

function demandBindable({ host }: Listen, { behindProxy }: HubContext): void {
  if (isLoopback(host) || behindProxy) return
  throw new AppError('bind-refused', `${host} can be reached from other machines without TLS.`)
}

async function openOthers(
  servers: Servers,
  dialects: readonly WithPort[],
): Promise<ReadonlyMap<string, string>> {
  const urls = new Map<string, string>()
  for (const dialect of dialects) {
    const { url } = await servers.open(dialect.listen, [dialect])
    urls.set(dialect.name, url)
  }
  return urls
}

/** Wakes waiters from now on, and returns how to end that together with the servers, once. */
function untilClosed(hub: HubState, stop: () => Promise<void>): () => Promise<void> {
  const unsubscribe = passOnSignals(hub)
  const polling = callWaiters(hub)
  const close = async (): Promise<void> => {
    await stop()
    unsubscribe()
    await polling
    hub.log.info({}, 'hub closed')
  }
  let closed: Promise<void> | null = null
  return () => (closed ??= close())
}

/** Wakes those who wait for what the ledger just committed. */
function passOnSignals({ ledger, claims, watches }: HubState): () => void {
  return ledger.subscribe((notification) => {
    if (notification.kind === 'ready') claims.callHeads()
    else watches.changed(notification.jobId)
  })
}

/** Notifications are hints and may be lost: look now and then anyway. */
async function callWaiters({ clock, claims, watches, limits, closing }: HubState): Promise<void> {
  while (!closing.aborted) {
    await clock.sleep(limits.pollMs, closing)
    claims.callHeads()
    watches.allChanged()
  }
}
