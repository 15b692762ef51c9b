import type { FastifyInstance } from 'fastify'
import { AppError } from '../domain/errors.ts'
import { isLoopback } from '../domain/loopback.ts'
import { type HubContext, type HubState, makeHubState } from './context.ts'
import { openDesk } from './desk/desk.ts'
import type { Dialect } from './dialect.ts'
import { HUB_LIMITS } from './limits.ts'
import { ownApi } from './own-api.ts'
import { type Dialects, makeServer, type MountedRoute } from './server.ts'
import { dropUnusedConnections } from './unused-connections.ts'

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

type Listen = HubContext['listen']

/**
 * Starts the HTTP servers: one for our own API and every dialect that shares its port, and one for
 * each dialect with a port of its own. Throws `bind-refused` for an address beyond this machine
 * without a proxy in front, and `port-taken`.
 */
export async function startHub(context: HubContext): Promise<Hub> {
  const shared = context.dialects.filter(({ listen }) => listen === undefined)
  const apart = context.dialects.filter(hasPort)
  for (const { listen } of [context, ...apart]) demandBindable(listen, context)
  const closing = new AbortController()
  const hub = makeHubState(context, { ...HUB_LIMITS, ...context.limits }, closing.signal)
  const apps: FastifyInstance[] = []
  const routes: MountedRoute[] = []
  const stopServing = async (): Promise<void> => {
    closing.abort()
    await Promise.all(apps.map((app) => drain(app, hub)))
    hub.metrics.close()
  }
  const serve = async (listen: Listen, dialects: Dialects): Promise<number> => {
    const server = makeServer(dialects, { hub, desk: openDesk(hub), host: listen.host })
    apps.push(server.app)
    dropUnusedConnections(server.app.server, hub.closing)
    const port = await listenOn(server.app, listen)
    routes.push(...server.routes)
    return port
  }
  try {
    const port = await serve(context.listen, [ownApi, ...shared])
    const urls = new Map<string, string>()
    for (const dialect of apart) {
      urls.set(dialect.name, urlOf(dialect.listen, await serve(dialect.listen, [dialect])))
    }
    const url = urlOf(context.listen, port)
    hub.log.info({ host: context.listen.host, port }, 'hub listens')
    return { url, port, urls, routes, close: untilClosed(hub, stopServing) }
  } catch (error) {
    await stopServing()
    throw error
  }
}

const hasPort = (dialect: Dialect): dialect is Dialect & { readonly listen: Listen } =>
  dialect.listen !== undefined

function demandBindable({ host }: Listen, { behindProxy }: HubContext): void {
  if (isLoopback(host) || behindProxy) return
  throw new AppError('bind-refused', `${host} can be reached from other machines without TLS.`)
}

const urlOf = ({ host }: Listen, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

async function listenOn(app: FastifyInstance, { host, port }: Listen): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    throw new AppError('port-taken', `Port ${port} on ${host} is taken by another program.`, {
      cause: error,
      details: { port },
    })
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** Wakes waiters from now on, and returns how to end that together with the servers, once. */
function untilClosed(hub: HubState, stopServing: () => Promise<void>): () => Promise<void> {
  const unsubscribe = passOnSignals(hub)
  const polling = callWaiters(hub)
  const close = async (): Promise<void> => {
    await stopServing()
    unsubscribe()
    await polling
    hub.log.info({}, 'hub closed')
  }
  let closed: Promise<void> | null = null
  return () => (closed ??= close())
}

/** Wakes those who wait for what the ledger just committed. */
function passOnSignals({ ledger, claims, watches }: HubState): () => void {
  return ledger.subscribe((signal) => {
    if (signal.kind === 'ready') claims.callHeads()
    else watches.changed(signal.jobId)
  })
}

/** Signals are hints and may be lost: look now and then anyway. */
async function callWaiters({ clock, claims, watches, limits, closing }: HubState): Promise<void> {
  while (!closing.aborted) {
    await clock.sleep(limits.pollMs, closing)
    claims.callHeads()
    watches.allChanged()
  }
}

async function drain(app: FastifyInstance, { clock, limits, log }: HubState): Promise<void> {
  const over = new AbortController()
  const closing = app.close().then(() => over.abort())
  await clock.sleep(limits.drainMs, over.signal)
  if (!over.signal.aborted) {
    log.warn({}, 'requests were cut off')
    app.server.closeAllConnections()
  }
  await closing
}
