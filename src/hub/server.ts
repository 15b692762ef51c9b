import type { Server } from 'node:http'
import fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify'
import type { Access } from '../domain/principal.ts'
import type { HubState } from './context.ts'
import { type Dialect, isBelow } from './dialect.ts'
import { type MountContext, mount, send } from './mount.ts'
import { answerUnreadable, errorReply, routeOf } from './problems.ts'

const MS_PER_SECOND = 1000
/** Maximum interval between Node's checks for slow connections, in milliseconds. */
const CHECK_MS_MAX = 5000
/**
 * Maximum length of a path parameter. The longest is an artifact name of 255 bytes, each of which
 * is percent-encoded as three characters.
 */
const PARAM_LENGTH_MAX = 3 * 255

/** The dialects that share a port. The first one responds to requests that match no dialect. */
export type Dialects = readonly [Dialect, ...Dialect[]]

/** A route that has been added to a server. */
export type MountedRoute = {
  readonly dialect: string
  readonly method: string
  /** A path in Fastify's syntax, with a colon before each parameter: `/jobs/:job`. */
  readonly path: string
  readonly access: Access
}

/** Makes a server for these dialects. `routes` is incomplete until the server listens. */
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
  // Rejects routes without an access policy, so that no route is public by mistake.
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
    // By default, the connection would stay open for another request, which would delay closing the
    // server.
    if (hub.closing.aborted) request.raw.socket.destroySoon()
  })
  // Require a dialect with the prefix `/`, so that every request on this port passes a guard, even
  // if its path is unknown.
  if (!dialects.some(({ prefixes }) => prefixes.includes('/'))) {
    throw new Error(
      `the port of the dialect ${dialects[0].name} has no dialect with the prefix "/"`,
    )
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
 * Replaces Fastify's compilers of validators and serializers, because loading them takes an eighth
 * of the hub's startup time. They are not needed, because routes validate with zod
 * (`protocol/parse-input.ts`). Throws, because Fastify calls this function only for a route that
 * has a Fastify schema.
 */
function noSchemas(): never {
  throw new Error(
    'a route has a Fastify schema; declare a zod schema in protocol/routes.ts instead',
  )
}

/** The dialect that a path belongs to: the one with the longest matching prefix, or else the first. */
function ownerOf(path: string, dialects: Dialects): Dialect {
  const owners = dialects
    .flatMap((dialect) => dialect.prefixes.map((prefix) => ({ dialect, prefix })))
    .filter(({ prefix }) => isBelow(path, prefix))
    .toSorted((one, other) => other.prefix.length - one.prefix.length)
  return owners[0]?.dialect ?? dialects[0]
}
