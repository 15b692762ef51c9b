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

/** Who may have come through a route's access policy. */
type Admitted<Policy extends Access> = {
  public: null
  scope: UserPrincipal
  worker: WorkerPrincipal
  attempt: AttemptPrincipal
}[Policy['kind']]

/** One request, after access was granted and every part was parsed. */
export type ParsedRequest<Name extends RouteName> = {
  readonly params: z.output<Routes[Name]['params']>
  readonly query: z.output<Routes[Name]['query']>
  readonly body: Routes[Name]['body'] extends z.ZodType
    ? z.output<Routes[Name]['body']>
    : Routes[Name]['body'] extends Bytes
      ? Readable
      : null
  readonly principal: Admitted<Routes[Name]['access']>
  /** The protocol that the request is made in. */
  readonly protocol: number
  readonly headers: IncomingHttpHeaders
  /** A signal that aborts when the caller goes away or the hub closes. */
  readonly gone: () => AbortSignal
}

/** A stream may stand in for JSON where the caller asked for one. */
type Answer<Name extends RouteName> = Routes[Name]['answer'] extends z.ZodType
  ? z.input<Routes[Name]['answer']> | Readable
  : Readable | Uint8Array | string

/** What is answered, with a status other than the route's own and with further headers. */
export type RouteReply<Body> = {
  readonly body: Body
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | number>>
}

/** Makes a route's handler for a desk. */
export type Endpoint<Name extends RouteName> = (
  desk: Desk,
) => (request: ParsedRequest<Name>) => Promise<RouteReply<Answer<Name>>>

/** All of them: the compiler demands each route of the protocol. */
export type Endpoints = { readonly [Name in RouteName]: Endpoint<Name> }
