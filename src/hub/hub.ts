import { AppError } from '../domain/errors.ts'
import { isLoopback } from '../domain/loopback.ts'
import { type HubContext, type HubState, makeHubState } from './context.ts'
import type { Dialect } from './dialect.ts'
import { HUB_LIMITS } from './limits.ts'
import { ownApi } from './own-api.ts'
import type { MountedRoute } from './server.ts'
import { type Listen, makeServers, type Servers } from './servers.ts'

export type Hub = {
  readonly url: string
  readonly port: number
  /** URLs of the dialects that have a separate port, by name. */
  readonly urls: ReadonlyMap<string, string>
  /** All routes of all dialects. */
  readonly routes: readonly MountedRoute[]
  /**
   * Stops the hub. Accepts no new connections, ends long polls and event streams at once, and gives
   * other running requests up to `limits.drainMs` to finish. Does not close the ledger.
   */
  close(): Promise<void>
}

export type HubOptions = HubContext & {
  /** Dialects in addition to the hub's own API. */
  readonly dialects: readonly Dialect[]
}

/**
 * Starts the HTTP servers: one for the hub's own API and the dialects that share its port, and one
 * for each dialect with its own port. Throws `port-taken`. Throws `bind-refused` if no proxy
 * terminates TLS and a server would listen on an address that other machines could reach.
 */
export async function startHub({ dialects, ...context }: HubOptions): Promise<Hub> {
  const { listen } = context
  for (const place of [listen, ...dialects.filter(hasPort).map((dialect) => dialect.listen)]) {
    demandBindable(place.host, context.behindProxy)
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

/** Throws `bind-refused` if other machines could reach this host and no proxy terminates TLS. */
export function demandBindable(host: string, behindProxy: boolean): void {
  if (isLoopback(host) || behindProxy) return
  throw new AppError('bind-refused', `Other machines could reach the address ${host} without TLS.`)
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

/**
 * Starts to wake waiting claims and readers. Returns a function that stops these wakeups and closes
 * the servers. Further calls of that function return the same promise.
 */
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

/**
 * Wakes the claims and readers that a change in the ledger may affect. Returns a function that stops
 * these wakeups.
 */
function passOnSignals({ ledger, claims, watches }: HubState): () => void {
  return ledger.subscribe((notification) => {
    if (notification.kind === 'ready') claims.callHeads()
    else watches.changed(notification.jobId)
  })
}

/** Wakes all waiting claims and readers at regular intervals, because notifications may be lost. */
async function callWaiters({ clock, claims, watches, limits, closing }: HubState): Promise<void> {
  while (!closing.aborted) {
    await clock.sleep(limits.pollMs, closing)
    claims.callHeads()
    watches.allChanged()
  }
}
