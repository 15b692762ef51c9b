import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { Access, Principal } from '../domain/principal.ts'
import { demandAccess } from './access.ts'
import type { HubState } from './context.ts'
import { bodyTooLarge, cutBody } from './cut-body.ts'
import type { Desk } from './desk/desk.ts'
import { type Dialect, type DialectRoute, isBelow, type Reply } from './dialect.ts'
import { makeGuard } from './guards.ts'
import { refuseOddJson } from './odd-json.ts'
import { errorReply } from './problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    dialect?: string
  }
  interface FastifyRequest {
    principal: Principal | null
  }
}

/**
 * What `mount` needs for every dialect. `host` is the host name or address on which the server
 * listens.
 */
export type MountContext = { readonly hub: HubState; readonly desk: Desk; readonly host: string }

const PathParams = z.record(z.string(), z.string())

/**
 * Adds a dialect to a server. The dialect gets Fastify scopes of its own, so that its credentials,
 * limits, headers and error format apply to its paths, and those of other dialects do not. Throws
 * if a route is outside the dialect's prefixes.
 */
export function mount(app: FastifyInstance, dialect: Dialect, context: MountContext): void {
  const routes = dialect.routes(context.desk)
  demandOwnPaths(dialect, routes)
  const add = (scope: FastifyInstance, some: readonly DialectRoute[]): void => {
    for (const route of some) addRoute(scope, route, dialect, context)
  }
  void app.register(async (scope) => {
    addHooks(scope, dialect, context)
    void scope.register(async (uploads) => {
      streamBodies(uploads)
      add(uploads, routes.filter(takesBytes))
    })
    void scope.register(async (documents) => {
      readJson(documents, context)
      add(
        documents,
        routes.filter((route) => !takesBytes(route)),
      )
    })
  })
  for (const prefix of dialect.prefixes) {
    void app.register(
      async (scope) => {
        addHooks(scope, dialect, context)
        scope.setNotFoundHandler(refuseUnknown)
      },
      { prefix: prefix === '/' ? '' : prefix },
    )
  }
}

/**
 * Throws if a route is outside its dialect's prefixes, because the route could shadow one of
 * another dialect.
 */
function demandOwnPaths({ name, prefixes }: Dialect, routes: readonly DialectRoute[]): void {
  const stray = routes.find(({ path }) => !prefixes.some((prefix) => isBelow(path, prefix)))
  if (stray === undefined) return
  throw new Error(
    `the route ${stray.method} ${stray.path} is outside the prefixes of its dialect ${name}`,
  )
}

const takesBytes = ({ takes }: DialectRoute): boolean => takes !== null && takes !== 'json'

/**
 * Adds the dialect's headers, guard, access check and error format to a scope. The guard and the
 * access check run before a body is read.
 */
function addHooks(
  scope: FastifyInstance,
  dialect: Dialect,
  { hub, desk, host }: MountContext,
): void {
  const guard = makeGuard([host, ...hub.allowHosts])
  scope.addHook('onRequest', async (request, reply) => {
    void reply.headers(dialect.headers)
    if (hub.closing.aborted) throw new AppError('hub-stopping', 'The hub is shutting down.')
    const { url = '', headers, rawHeaders } = request.raw
    guard({ url, headers, rawHeaders })
    const { access } = request.routeOptions.config
    // A request without an access policy matches no route, because `makeServer` rejects routes
    // without one. Its path is reported as unknown, without authentication.
    if (access === undefined || access.kind === 'public') return
    const address = request.socket.remoteAddress ?? ''
    request.principal = await dialect.admit({ headers, address }, desk)
    demandAccess(request.principal, access, PathParams.parse(request.params))
  })
  scope.setErrorHandler((error, request, reply) => {
    if (request.routeOptions.config.access?.kind === 'attempt') hub.metrics.refused(error)
    // After an error, the rest of the body is not read. Close the connection, so that Node does not
    // parse the rest of the body as the next request.
    if (!request.raw.complete) void reply.header('connection', 'close')
    return send(reply, errorReply(error, request, { dialect, log: hub.log }))
  })
}

async function refuseUnknown({ method, url }: FastifyRequest): Promise<never> {
  throw new AppError('route-unknown', `There is no route ${method} ${url.split('?')[0]}.`)
}

function streamBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

function readJson(scope: FastifyInstance, { hub }: MountContext): void {
  scope.removeContentTypeParser('text/plain')
  scope.addHook('preParsing', async (request, _reply, payload) => {
    dropWhenSlow(request, hub.limits.bodyMs)
    return payload
  })
}

function addRoute(
  scope: FastifyInstance,
  { method, path, access, takes, answer }: DialectRoute,
  { name, limits }: Dialect,
  { hub }: MountContext,
): void {
  scope.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    bodyLimit: limits.jsonBytes,
    config: { access, dialect: name },
    handler: async (request, reply) => {
      const { params, query, headers, principal } = request
      const asked = { params: PathParams.parse(params), query, headers, principal }
      const body = bodyOf(takes, request)
      const gone = () => AbortSignal.any([hub.closing, goneSignal(reply)])
      return send(reply, await answer({ ...asked, body, gone }))
    },
  })
}

function bodyOf(takes: DialectRoute['takes'], { body, headers }: FastifyRequest): unknown {
  if (takes === null) return null
  if (takes === 'json') {
    refuseOddJson(body)
    return body
  }
  if (Number(headers['content-length'] ?? 0) > takes.maxBytes) {
    throw bodyTooLarge(takes.maxBytes)
  }
  return body instanceof Readable ? cutBody(body, takes.maxBytes) : Readable.from([])
}

export function send(reply: FastifyReply, { status, headers = {}, body }: Reply): FastifyReply {
  void reply.code(status).headers(headers)
  return body === null ? reply.send() : reply.send(body)
}

/**
 * Drops the connection if a JSON body does not arrive within `bodyMs`. Node's own timeout applies
 * to all requests, so it is set to the longer time that uploads may take.
 */
function dropWhenSlow(request: FastifyRequest, bodyMs: number): void {
  if (request.method === 'GET') return
  const timer = setTimeout(() => request.raw.destroy(), bodyMs)
  request.raw.once('close', () => clearTimeout(timer))
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  if (reply.raw.destroyed) gone.abort()
  return gone.signal
}
