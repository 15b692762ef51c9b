import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { AppError } from '../domain/errors.ts'
import type { Access, Principal } from '../domain/principal.ts'
import type { Bytes, Route } from '../protocol/route.ts'
import type { Desk } from './desk/desk.ts'

/**
 * One HTTP API of the hub: its routes, credentials, error format, limits and headers. Dialects share
 * nothing but the desk.
 */
export type Dialect = {
  readonly name: string
  /** A separate port; without it the dialect shares the hub's. Port 0 picks a free one. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Its path prefixes; it also answers unknown paths below them. `/` on a separate port. */
  readonly prefixes: readonly string[]
  readonly limits: {
    /** Largest JSON body. */
    readonly jsonBytes: number
  }
  /** Sent with every answer, also when a request matched no route. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Reads the principal from this dialect's credentials; null when a request has none. Called for
   * every route that is not public; the route's access policy is checked afterwards.
   */
  admit(caller: Caller, desk: Desk): Promise<Principal | null>
  /** Formats an error, also one from before routing. */
  problem(error: AppError): Reply
  routes(desk: Desk): readonly DialectRoute[]
}

/** What credentials are read from. */
export type Caller = {
  readonly headers: IncomingHttpHeaders
  /** Remote address of the connection. */
  readonly address: string
}

export type DialectRoute = {
  readonly method: Route['method']
  /** With {braces} around parameters, as in OpenAPI. */
  readonly path: string
  readonly access: Access
  /** `json`: parsed JSON. `Bytes`: a stream of any content type, refused beyond `maxBytes`. */
  readonly takes: 'json' | Bytes | null
  readonly answer: (request: DialectRequest) => Promise<Reply>
}

/** One request after the access check; its parts are not validated yet. */
export type DialectRequest = {
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly headers: IncomingHttpHeaders
  /** JSON as sent, or a `Readable` where the route takes bytes. */
  readonly body: unknown
  /** null only on public routes. */
  readonly principal: Principal | null
  /** Returns a signal that aborts when the caller disconnects or the hub closes. */
  readonly gone: () => AbortSignal
}

export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | number>> | undefined
  /** null: no body. */
  readonly body: Readable | Uint8Array | string | null
}

/** A JSON answer. */
export const jsonReply = (status: number, value: unknown, headers?: Reply['headers']): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
})

/** Whether a path is below a prefix of a dialect, or is that prefix. */
export const isBelow = (path: string, prefix: string): boolean =>
  prefix === '/' || `${path.split('?')[0]}/`.startsWith(`${prefix}/`)
