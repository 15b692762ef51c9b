import type { FastifyInstance } from 'fastify'
import { AppError } from '../domain/errors.ts'
import { hasErrno } from '../platform/errno.ts'
import type { HubContext, HubState } from './context.ts'
import { openDesk } from './desk/desk.ts'
import { type Dialects, makeServer, type MountedRoute } from './server.ts'
import { dropUnusedConnections } from './unused-connections.ts'

export type Listen = HubContext['listen']

/** The HTTP servers of one hub, one per port. */
export type Servers = {
  /** The routes of all dialects. */
  readonly routes: readonly MountedRoute[]
  /** Starts a server and returns its URL. Throws `port-taken`. */
  open(listen: Listen, dialects: Dialects): Promise<{ readonly url: string; readonly port: number }>
  /** Stops all servers. Requests in progress get up to `limits.drainMs` to finish. */
  drain(): Promise<void>
}

export function makeServers(hub: HubState): Servers {
  const desk = openDesk(hub)
  const apps: FastifyInstance[] = []
  const mounted: MountedRoute[] = []
  return {
    routes: mounted,
    open: async (listen, dialects) => {
      const { app, routes } = makeServer(dialects, { hub, desk, host: listen.host })
      apps.push(app)
      dropUnusedConnections(app.server, hub.closing)
      const port = await listenOn(app, listen)
      mounted.push(...routes)
      const name = listen.host.includes(':') ? `[${listen.host}]` : listen.host
      hub.log.info({ host: listen.host, port }, 'the hub listens')
      return { url: `http://${name}:${port}`, port }
    },
    drain: async () => {
      await Promise.all(apps.map((app) => drain(app, hub)))
    },
  }
}

async function listenOn(app: FastifyInstance, { host, port }: Listen): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if (!hasErrno(error, 'EADDRINUSE')) throw error
    throw new AppError(
      'port-taken',
      `Port ${port} on ${host} is already in use by another program.`,
      {
        cause: error,
        details: { port },
      },
    )
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function drain(app: FastifyInstance, { clock, limits, log }: HubState): Promise<void> {
  const over = new AbortController()
  const closing = app.close().then(() => over.abort())
  await clock.sleep(limits.drainMs, over.signal)
  if (!over.signal.aborted) {
    log.warn({}, 'closing the connections whose requests did not finish in time')
    app.server.closeAllConnections()
  }
  await closing
}
