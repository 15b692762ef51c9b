import type { Server } from 'node:http'
import fastify, { type FastifyInstance, type FastifyHttpOptions } from 'fastify'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { Access, Principal } from '../domain/principal.ts'
import { JSON_BYTES_MAX } from '../protocol/schemas.ts'
import { admit } from './access.ts'
import type { HubState } from './context.ts'
import { makeGuard } from './guards.ts'
import { answerProblem, answerUnreadable, routeOf } from './problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
  interface FastifyRequest {
    principal: Principal | null
  }
}

/** Nothing the hub answers is a page: no browser may run, frame, cache or guess it. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

const PathParams = z.record(z.string(), z.string())
const MS_PER_SECOND = 1000
/** How often slow connections are looked for. */
const CHECK_MS_MAX = 5000
/** Longest parameter in a path: an artifact's name, or more when its letters are escaped. */
const PARAM_LENGTH_MAX = 512

/**
 * The bare server: limits, guards, access and errors, but no routes yet. A route that does not say
 * who may use it cannot be added, so nothing is open by mistake.
 */
export function makeServer(hub: HubState): FastifyInstance {
  const app = fastify(serverOptions(hub))
  app.server.maxConnections = hub.limits.connections
  app.server.maxHeadersCount = hub.limits.headerLines

  app.decorateRequest('principal', null)
  app.addHook('onRoute', ({ config, method, url }) => {
    if (config?.access === undefined)
      throw new Error(`${String(method)} ${url} has no access policy`)
  })
  const guard = makeGuard([hub.listen.host, ...hub.allowHosts])
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(HEADERS)
    if (hub.closing.aborted) throw new AppError('hub-stopping', 'The hub is shutting down.')
    const { url = '', headers, rawHeaders } = request.raw
    guard({ url, headers, rawHeaders })
    const { access } = request.routeOptions.config
    if (access === undefined) return // no route: answered as not found
    const { authorization } = headers
    const address = request.socket.remoteAddress ?? ''
    const params = PathParams.parse(request.params)
    request.principal = await admit(hub, access, { authorization, address, params })
  })
  app.addHook('onResponse', async (request, reply) => {
    hub.metrics.answered({
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      seconds: reply.elapsedTime / MS_PER_SECOND,
    })
    // Node would keep the connection for a next request, and closing would wait for it.
    if (hub.closing.aborted) request.raw.socket.destroySoon()
  })
  app.addHook('onClose', async () => hub.metrics.close())
  app.setNotFoundHandler(async (request) => {
    throw new AppError(
      'route-unknown',
      `There is no ${request.method} ${request.url.split('?')[0]}.`,
    )
  })
  app.setErrorHandler((error, request, reply) => {
    if (request.routeOptions.config.access?.kind === 'attempt') hub.metrics.refused(error)
    answerProblem(error, request, { reply, log: hub.log })
  })
  return app
}

function serverOptions(hub: HubState): FastifyHttpOptions<Server> {
  const { limits, log } = hub
  return {
    bodyLimit: JSON_BYTES_MAX,
    connectionTimeout: limits.idleMs,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.uploadMs,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, CHECK_MS_MAX),
      maxHeaderSize: limits.headerBytes,
    },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => answerProblem(error, request, { reply, log }),
  }
}
