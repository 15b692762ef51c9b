import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { AppError } from '../domain/errors.ts'
import type { Access, Principal } from '../domain/principal.ts'
import type { Bytes, Route } from '../protocol/route.ts'
import type { Desk } from './desk/desk.ts'

/**
 * One way to talk to the hub over HTTP: routes with credentials, errors, limits and headers of
 * their own. Nothing of one dialect holds for another; all of them end at the same desk.
 */
export type Dialect = {
  readonly name: string
  /** A port of its own; without it the dialect shares the hub's. Port 0 takes a free one. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Paths below which everything belongs to it: what is unknown there is refused in its form. `/` on a port of its own. */
  readonly prefixes: readonly string[]
  readonly limits: {
    /** Largest JSON body. */
    readonly jsonBytes: number
  }
  /** Put on every answer, also on one to a request that reached no route. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Who asks, by this dialect's credentials; null for nobody it knows. Asked for every route that is
   * not public; whether that principal may use the route is judged afterwards, the same everywhere.
   */
  admit(knock: Knock, desk: Desk): Promise<Principal | null>
  /** How an error is answered; also one that came before any route was found. */
  problem(error: AppError): Reply
  routes(desk: Desk): readonly DialectRoute[]
}

/** What credentials are read from. */
export type Knock = {
  readonly headers: IncomingHttpHeaders
  /** Where the connection comes from. */
  readonly address: string
}

export type DialectRoute = {
  readonly method: Route['method']
  /** With {braces} around parameters, as OpenAPI writes them. */
  readonly path: string
  readonly access: Access
  /** `json`: read whole. `Bytes`: a stream of any content type, cut off beyond `maxBytes`. */
  readonly takes: 'json' | Bytes | null
  readonly answer: (asked: Asked) => Promise<Reply>
}

/** One request, after access was granted; nothing of it is parsed. */
export type Asked = {
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly headers: IncomingHttpHeaders
  /** JSON as it was sent, or a `Readable` where the route takes bytes. */
  readonly body: unknown
  /** null on public routes alone. */
  readonly principal: Principal | null
  /** A signal that aborts when the caller goes away or the hub closes. */
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

/** Whether a path lies below a prefix of a dialect, or is that prefix. */
export const isBelow = (path: string, prefix: string): boolean =>
  prefix === '/' || `${path.split('?')[0]}/`.startsWith(`${prefix}/`)
