import type { Server } from 'node:http'
import fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify'
import type { Access } from '../domain/principal.ts'
import type { HubState } from './context.ts'
import { type Dialect, isBelow } from './dialect.ts'
import { type MountContext, mount, send } from './mount.ts'
import { answerUnreadable, errorReply, routeOf } from './problems.ts'

const MS_PER_SECOND = 1000
/** Longest interval between checks for slow connections. */
const CHECK_MS_MAX = 5000
/** Longest path parameter: an artifact's name with every byte percent-encoded. */
const PARAM_LENGTH_MAX = 3 * 255

/** Dialects that share a port; the first one answers requests that belong to none. */
export type Dialects = readonly [Dialect, ...Dialect[]]

/** A route as it was added to a server. */
export type MountedRoute = {
  readonly dialect: string
  readonly method: string
  /** With a colon before each parameter. */
  readonly path: string
  readonly access: Access
}

/** Makes a server with its limits and these dialects. `routes` is complete once it listens. */
export function makeServer(
  dialects: Dialects,
  context: MountContext,
): { readonly app: FastifyInstance; readonly routes: readonly MountedRoute[] } {
  const { hub } = context
  const app = fastify(serverOptions(hub, dialects))
  const routes: MountedRoute[] = []
  app.server.maxConnections = hub.limits.connections
  app.server.maxHeadersCount = hub.limits.headerLines

  app.decorateRequest('principal', null)
  // A route without an access policy cannot be added, so that no route is public by mistake.
  app.addHook('onRoute', ({ config: { access, dialect } = {}, method, url }) => {
    if (access === undefined || dialect === undefined) {
      throw new Error(`${String(method)} ${url} has no access policy`)
    }
    routes.push({ dialect, method: String(method), path: url, access })
  })
  app.addHook('onResponse', async (request, reply) => {
    hub.metrics.answered({
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      seconds: reply.elapsedTime / MS_PER_SECOND,
    })
    // Node would keep the connection for another request, and closing would wait for it.
    if (hub.closing.aborted) request.raw.socket.destroySoon()
  })
  // Every request on this port must get the guard and the errors of some dialect.
  if (!dialects.some(({ prefixes }) => prefixes.includes('/'))) {
    throw new Error(`no dialect on the port of ${dialects[0].name} owns the paths below /`)
  }
  for (const dialect of dialects) mount(app, dialect, context)
  return { app, routes }
}

function serverOptions({ limits, log }: HubState, dialects: Dialects): FastifyHttpOptions<Server> {
  return {
    connectionTimeout: limits.idleMs,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.uploadMs,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, CHECK_MS_MAX),
      maxHeaderSize: limits.headerBytes,
    },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    schemaController: {
      compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
    },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, dialects[0]),
    frameworkErrors: (error, request, reply) => {
      const dialect = ownerOf(request.url, dialects)
      void send(reply.headers(dialect.headers), errorReply(error, request, { dialect, log }))
    },
  }
}

/**
 * Keeps Fastify from loading its own validator and serializer, an eighth of the hub's start: routes
 * parse with zod (`protocol/parse-input.ts`) and declare no schema of Fastify's.
 */
function noSchemas(): never {
  throw new Error('a route declares a schema of Fastify; declare it in protocol/routes.ts')
}

/** The dialect that owns a path: the one with the longest prefix of it. */
function ownerOf(path: string, dialects: Dialects): Dialect {
  const owners = dialects
    .flatMap((dialect) => dialect.prefixes.map((prefix) => ({ dialect, prefix })))
    .filter(({ prefix }) => isBelow(path, prefix))
    .toSorted((one, other) => other.prefix.length - one.prefix.length)
  return owners[0]?.dialect ?? dialects[0]
}
