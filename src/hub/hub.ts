import type { FastifyInstance } from 'fastify'
import { AppError } from '../domain/errors.ts'
import { isLoopback } from '../domain/loopback.ts'
import { type HubContext, type HubState, makeHubState } from './context.ts'
import { HUB_LIMITS } from './limits.ts'
import { registerRoutes } from './register.ts'
import { makeServer } from './server.ts'
import { dropUnusedConnections } from './unused-connections.ts'

/** A hub that answers. */
export type Hub = {
  readonly url: string
  readonly port: number
  /**
   * Takes no new connection, ends waiting requests and streams at once, and answers what is under
   * way for as long as `limits.drainMs`. The ledger is not closed.
   */
  close(): Promise<void>
}

/**
 * Starts the HTTP server. Throws `bind-refused` for an address beyond this machine without a proxy
 * in front, and `port-taken`.
 */
export async function startHub(context: HubContext): Promise<Hub> {
  const { host } = context.listen
  if (!isLoopback(host) && !context.behindProxy) {
    throw new AppError('bind-refused', `${host} can be reached from other machines without TLS.`)
  }
  const closing = new AbortController()
  const hub = makeHubState(context, { ...HUB_LIMITS, ...context.limits }, closing.signal)
  const app = makeServer(hub)
  registerRoutes(app, hub)
  dropUnusedConnections(app.server, closing.signal)
  const port = await listen(app, context.listen)
  const unsubscribe = passOnSignals(hub)
  const polling = callWaiters(hub)
  hub.log.info({ host, port }, 'hub listens')

  let closed: Promise<void> | null = null
  const close = async (): Promise<void> => {
    closing.abort()
    await drain(app, hub)
    unsubscribe()
    await polling
    hub.log.info({}, 'hub closed')
  }
  const name = host.includes(':') ? `[${host}]` : host
  return { url: `http://${name}:${port}`, port, close: () => (closed ??= close()) }
}

async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    throw new AppError('port-taken', `Port ${port} on ${host} is taken by another program.`, {
      cause: error,
      details: { port },
    })
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
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
