import { Readable } from 'node:stream'
import type { z } from 'zod'
import type { AppError } from '../domain/errors.ts'
import type { Principal } from '../domain/principal.ts'
import { parseInput } from '../protocol/parse-input.ts'
import { PROBLEM_TYPE, toProblem } from '../protocol/problem.ts'
import { answerFor } from '../protocol/protocol-1.ts'
import type { Route } from '../protocol/route.ts'
import { ROUTES, type RouteName } from '../protocol/routes.ts'
import { JSON_BYTES_MAX } from '../protocol/schemas.ts'
import { protocolOf } from '../protocol/version.ts'
import type { Desk } from './desk/desk.ts'
import {
  type Dialect,
  type DialectRequest,
  type DialectRoute,
  jsonReply,
  type Reply,
} from './dialect.ts'
import { endpoints } from './endpoints.ts'
import type { RouteReply } from './handler.ts'

/** Responses are not web pages, so browsers must not execute, frame, cache or MIME-sniff them. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** Millwright's own API, built from its route table. */
export const ownApi: Dialect = {
  name: 'millwright',
  prefixes: ['/'],
  limits: { jsonBytes: JSON_BYTES_MAX },
  headers: HEADERS,
  admit: async ({ headers, address }, desk) => {
    const { authorization } = headers
    if (authorization === undefined) return null
    const token = /^Bearer (\S{1,256})$/i.exec(authorization)?.[1] ?? ''
    return desk.authenticate(token, address)
  },
  problem,
  routes: (desk) =>
    Object.keys(ROUTES)
      .filter(isRouteName)
      .map((name) => routeNamed(name, desk)),
}

/** Formats an error as a problem document (RFC 9457). */
function problem(error: AppError): Reply {
  const { retryAfterSeconds, size } = error.details
  return jsonReply(error.status, toProblem(error), {
    'content-type': PROBLEM_TYPE,
    ...(typeof retryAfterSeconds === 'number' ? { 'retry-after': retryAfterSeconds } : {}),
    ...(error.code === 'range-invalid' ? { 'content-range': `bytes */${String(size)}` } : {}),
    ...(error.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  })
}

const isRouteName = (name: string): name is RouteName => Object.hasOwn(ROUTES, name)

/**
 * The type of a handler of any route. The type `Endpoints` has already checked that each handler
 * fits its route.
 */
type AnyHandler = (request: {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly principal: Principal | null
  readonly protocol: number
  readonly headers: DialectRequest['headers']
  readonly gone: DialectRequest['gone']
}) => Promise<RouteReply<unknown>>

function routeNamed(name: RouteName, desk: Desk): DialectRoute {
  const route: Route = ROUTES[name]
  const { method, path, access } = route
  // `name` can be any route's name, so TypeScript does not know the type of the handler. The cast
  // is safe, because the handler gets what its route's schemas produce.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const handle = endpoints[name](desk) as AnyHandler
  return {
    method,
    path,
    access,
    takes: route.body === null || 'bytes' in route.body ? route.body : 'json',
    answer: async ({ params, query, body, ...asked }) => {
      const parsed = {
        params: parsePart(route.params, params, 'path'),
        query: parsePart(route.query, query, 'query'),
        body: parseBody(route, body),
      }
      const protocol = protocolOf(asked.headers, parsed.body)
      const reply = await handle({ ...asked, ...parsed, protocol })
      return replyOf(route, { ...reply, body: answerFor(protocol, name, reply.body) })
    },
  }
}

const parsePart = (schema: z.ZodType, value: unknown, where: string): unknown =>
  parseInput(schema, value, { code: 'request-invalid', where })

function parseBody({ body: takes }: Route, body: unknown): unknown {
  if (takes === null) return null
  return 'bytes' in takes ? body : parsePart(takes, body, 'body')
}

function replyOf(
  route: Route,
  { status = route.status, headers, body }: RouteReply<unknown>,
): Reply {
  if (body instanceof Readable || body instanceof Uint8Array) return { status, headers, body }
  if ('bytes' in route.answer) return { status, headers, body: String(body) }
  return jsonReply(status, body, headers)
}
