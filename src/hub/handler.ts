import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type {
  Access,
  AttemptPrincipal,
  UserPrincipal,
  WorkerPrincipal,
} from '../domain/principal.ts'
import type { Bytes } from '../protocol/route.ts'
import type { ROUTES, RouteName } from '../protocol/routes.ts'
import type { Desk } from './desk/desk.ts'

type Routes = typeof ROUTES

/** The type of principal that may call a route with this access policy. */
type Admitted<Policy extends Access> = {
  public: null
  scope: UserPrincipal
  worker: WorkerPrincipal
  attempt: AttemptPrincipal
}[Policy['kind']]

/** A request that has passed the access check, with all parts parsed by the route's schemas. */
export type ParsedRequest<Name extends RouteName> = {
  readonly params: z.output<Routes[Name]['params']>
  readonly query: z.output<Routes[Name]['query']>
  readonly body: Routes[Name]['body'] extends z.ZodType
    ? z.output<Routes[Name]['body']>
    : Routes[Name]['body'] extends Bytes
      ? Readable
      : null
  readonly principal: Admitted<Routes[Name]['access']>
  /** The sender's protocol version. */
  readonly protocol: number
  readonly headers: IncomingHttpHeaders
  /** Returns a signal that aborts when the caller disconnects or the hub starts to close. */
  readonly gone: () => AbortSignal
}

/** A route that returns JSON may return a stream instead if the caller requests one. */
type Answer<Name extends RouteName> = Routes[Name]['answer'] extends z.ZodType
  ? z.input<Routes[Name]['answer']> | Readable
  : Readable | Uint8Array | string

/** What a handler returns. `status` overrides the route's status. */
export type RouteReply<Body> = {
  readonly body: Body
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | number>>
}

/** Makes the handler of a route; the handler calls the desk. */
export type Endpoint<Name extends RouteName> = (
  desk: Desk,
) => (request: ParsedRequest<Name>) => Promise<RouteReply<Answer<Name>>>

/** The handlers of all routes. The compiler reports a route without a handler. */
export type Endpoints = { readonly [Name in RouteName]: Endpoint<Name> }
