import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { AppError } from '../domain/errors.ts'
import type { Access, Principal } from '../domain/principal.ts'
import type { Bytes, Route } from '../protocol/route.ts'
import type { Desk } from './desk/desk.ts'

/**
 * One HTTP API of the hub, with its own routes, credentials, error format, limits and headers. The
 * desk is all that the hub's dialects share.
 */
export type Dialect = {
  readonly name: string
  /**
   * The dialect's own port. If missing, the dialect shares the port of the hub. Port 0 selects any
   * free port.
   */
  readonly listen?: { readonly host: string; readonly port: number }
  /**
   * Prefixes of the dialect's paths. The dialect also responds to requests for unknown paths below
   * these prefixes. A dialect with its own port needs the prefix `/`.
   */
  readonly prefixes: readonly string[]
  readonly limits: {
    /** Largest JSON request body, in bytes. */
    readonly jsonBytes: number
  }
  /** Headers of every response, including errors for unknown routes. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Authenticates a request to a route that is not public. Returns null if the request has no
   * credentials, and throws if its credentials are invalid. Afterwards the hub checks the route's
   * access policy.
   */
  admit(caller: Caller, desk: Desk): Promise<Principal | null>
  /** Turns an error into a response in the dialect's format. */
  problem(error: AppError): Reply
  routes(desk: Desk): readonly DialectRoute[]
}

/** The parts of a request that a dialect uses to authenticate it. */
export type Caller = {
  readonly headers: IncomingHttpHeaders
  /** IP address of the peer. */
  readonly address: string
}

export type DialectRoute = {
  readonly method: Route['method']
  /** A path with parameters in braces, as in OpenAPI: `/jobs/{job}`. */
  readonly path: string
  readonly access: Access
  /**
   * The request body: parsed JSON, a stream of at most `maxBytes` with any content type, or no
   * body.
   */
  readonly takes: 'json' | Bytes | null
  readonly answer: (request: DialectRequest) => Promise<Reply>
}

/** A request that has passed the access check; its parts have not been validated yet. */
export type DialectRequest = {
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly headers: IncomingHttpHeaders
  /** Parsed JSON, or a `Readable` if the route takes bytes. */
  readonly body: unknown
  /** Null if the route is public. */
  readonly principal: Principal | null
  /** Returns a signal that aborts when the caller disconnects or the hub starts to close. */
  readonly gone: () => AbortSignal
}

export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | number>> | undefined
  /** Null if the response has no body. */
  readonly body: Readable | Uint8Array | string | null
}

/** Makes a JSON response. */
export const jsonReply = (status: number, value: unknown, headers?: Reply['headers']): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
})

/** Whether a path is equal to a prefix or below it. */
export const isBelow = (path: string, prefix: string): boolean =>
  prefix === '/' || `${path.split('?')[0]}/`.startsWith(`${prefix}/`)
