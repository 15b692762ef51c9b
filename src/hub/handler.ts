import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { z } from 'zod'
import type { Access, Principal } from '../domain/principal.ts'
import type { Bytes, ROUTES, RouteName } from '../protocol/routes.ts'
import type { HubState } from './context.ts'

type Routes = typeof ROUTES

/** Who may have come through a route's access policy. */
type Admitted<Policy extends Access> = Policy extends { kind: 'public' }
  ? null
  : Extract<Principal, { kind: Policy extends { kind: 'scope' } ? 'user' : Policy['kind'] }>

/** One request, after access was granted and every part was parsed. */
export type Call<Name extends RouteName> = {
  readonly params: z.output<Routes[Name]['params']>
  readonly query: z.output<Routes[Name]['query']>
  readonly body: Routes[Name]['body'] extends z.ZodType
    ? z.output<Routes[Name]['body']>
    : Routes[Name]['body'] extends Bytes
      ? Readable
      : null
  readonly principal: Admitted<Routes[Name]['access']>
  readonly headers: IncomingHttpHeaders
  /** For headers, and for a status other than the route's own. */
  readonly reply: FastifyReply
  /** A signal that aborts when the caller goes away or the hub closes. */
  readonly gone: () => AbortSignal
}

/** A stream may stand in for JSON where the caller asked for one. */
export type Answer<Name extends RouteName> = Routes[Name]['answer'] extends z.ZodType
  ? z.input<Routes[Name]['answer']> | Readable
  : Readable | Uint8Array | string

export type Handler<Name extends RouteName> = (call: Call<Name>) => Promise<Answer<Name>>

/** Makes a route's handler for a running hub. */
export type Endpoint<Name extends RouteName> = (hub: HubState) => Handler<Name>

/** All of them: the compiler demands each route of the protocol. */
export type Endpoints = { readonly [Name in RouteName]: Endpoint<Name> }
