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

/** The type of principal that a route's access policy admits. */
type Admitted<Policy extends Access> = {
  public: null
  scope: UserPrincipal
  worker: WorkerPrincipal
  attempt: AttemptPrincipal
}[Policy['kind']]

/** One request after the access check, with every part parsed. */
export type ParsedRequest<Name extends RouteName> = {
  readonly params: z.output<Routes[Name]['params']>
  readonly query: z.output<Routes[Name]['query']>
  readonly body: Routes[Name]['body'] extends z.ZodType
    ? z.output<Routes[Name]['body']>
    : Routes[Name]['body'] extends Bytes
      ? Readable
      : null
  readonly principal: Admitted<Routes[Name]['access']>
  /** The protocol version of the request. */
  readonly protocol: number
  readonly headers: IncomingHttpHeaders
  /** Returns a signal that aborts when the caller disconnects or the hub closes. */
  readonly gone: () => AbortSignal
}

/** A route that answers JSON may answer a stream instead when the caller requests one. */
type Answer<Name extends RouteName> = Routes[Name]['answer'] extends z.ZodType
  ? z.input<Routes[Name]['answer']> | Readable
  : Readable | Uint8Array | string

/** The answer of a handler; `status` overrides the route's own. */
export type RouteReply<Body> = {
  readonly body: Body
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | number>>
}

/** Makes a route's handler for a desk. */
export type Endpoint<Name extends RouteName> = (
  desk: Desk,
) => (request: ParsedRequest<Name>) => Promise<RouteReply<Answer<Name>>>

/** A handler for every route of the protocol: the compiler reports a missing one. */
export type Endpoints = { readonly [Name in RouteName]: Endpoint<Name> }
