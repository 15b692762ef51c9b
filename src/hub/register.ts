import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Principal } from '../domain/principal.ts'
import { parseInput } from '../protocol/parse-input.ts'
import { ROUTES, type Route, type RouteName } from '../protocol/routes.ts'
import type { HubState } from './context.ts'
import { endpoints } from './endpoints.ts'
import { refuseOddJson } from './odd-json.ts'

/** A handler as the router sees it; that each fits its route is proven by the type `Endpoints`. */
type AnyHandler = (call: {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly principal: Principal | null
  readonly headers: FastifyRequest['headers']
  readonly reply: FastifyReply
  gone(): AbortSignal
}) => Promise<unknown>

/** Registers every route of the protocol: those that take bytes stream them, the others take JSON. */
export function registerRoutes(app: FastifyInstance, hub: HubState): void {
  void app.register(async (uploads) => {
    uploads.removeAllContentTypeParsers()
    uploads.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const name of namesOf('bytes')) registerRoute(uploads, hub, name)
  })
  void app.register(async (documents) => {
    documents.removeContentTypeParser('text/plain')
    documents.addHook('preParsing', async (request, _reply, payload) => {
      dropWhenSlow(request, hub.limits.bodyMs)
      return payload
    })
    for (const name of namesOf('json')) registerRoute(documents, hub, name)
  })
}

const isRouteName = (name: string): name is RouteName => Object.hasOwn(ROUTES, name)
const takesBytes = ({ body }: Route): boolean => body !== null && 'bytes' in body
const namesOf = (takes: 'bytes' | 'json'): readonly RouteName[] =>
  Object.keys(ROUTES)
    .filter(isRouteName)
    .filter((name) => takesBytes(ROUTES[name]) === (takes === 'bytes'))

function registerRoute(app: FastifyInstance, hub: HubState, name: RouteName): void {
  const route: Route = ROUTES[name]
  // Each endpoint takes exactly what its own route's schemas give; indexing by a union forgets that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const handle = endpoints[name](hub) as AnyHandler
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { access: route.access },
    handler: async (request, reply) => {
      void reply.code(route.status)
      const answer = await handle({
        params: parsePart(route.params, request.params, 'path'),
        query: parsePart(route.query, request.query, 'query'),
        body: parseBody(route, request.body),
        principal: request.principal,
        headers: request.headers,
        reply,
        gone: () => AbortSignal.any([hub.closing, goneSignal(reply)]),
      })
      return send(reply, route, answer)
    },
  })
}

const parsePart = (schema: z.ZodType, value: unknown, where: string): unknown =>
  parseInput(schema, value, { code: 'request-invalid', where })

function parseBody(route: Route, body: unknown): unknown {
  if (route.body === null) return null
  if ('bytes' in route.body) return body ?? Readable.from([])
  refuseOddJson(body)
  return parsePart(route.body, body, 'body')
}

function send(reply: FastifyReply, route: Route, answer: unknown): unknown {
  if (answer instanceof Readable || 'bytes' in route.answer) return reply.send(answer)
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer))
}

/** The node server limits a whole request to the time an upload may take; JSON must be quicker. */
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
