import type { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { noProbe, type Probe } from '../domain/probe.ts'
import type { ProxyVariables } from '../domain/proxy.ts'
import { plainReason } from '../platform/plain-reason.ts'
import { readerOf } from './read-answer.ts'
import { fromProblem } from './problem.ts'
import { PROTOCOL, PROTOCOL_HEADER } from './version.ts'
import type { Bytes, Route } from './route.ts'
import { ROUTES, type RouteName } from './routes.ts'

type Routes = typeof ROUTES
type Given<Schema, Key extends string> = Schema extends z.ZodType
  ? Record<string, never> extends z.input<Schema>
    ? { readonly [K in Key]?: z.input<Schema> }
    : { readonly [K in Key]: z.input<Schema> }
  : object

/** The input of a call to a route: path parameters, query and body, as its schemas require. */
export type CallInput<Name extends RouteName> = Given<Routes[Name]['params'], 'params'> &
  Given<Routes[Name]['query'], 'query'> &
  (Routes[Name]['body'] extends Bytes
    ? { readonly body: Uint8Array | ReadableStream<Uint8Array> }
    : Given<Routes[Name]['body'], 'body'>) & {
    readonly headers?: Readonly<Record<string, string>>
  }

/** The parsed response body; for a route that returns bytes, the `Response`, so it can be streamed. */
export type CallAnswer<Name extends RouteName> = Routes[Name]['answer'] extends z.ZodType
  ? z.output<Routes[Name]['answer']>
  : Response

type AnyInput = {
  params?: unknown
  query?: unknown
  body?: unknown
  headers?: Readonly<Record<string, string>>
}

export type HubAddress = {
  readonly url: string
  /**
   * Looks up the hub's current URL, because a restarted hub may listen on another port. Resolves
   * with null if the URL is unknown.
   */
  readonly currentUrl?: () => Promise<string | null>
  readonly token: string | null
  readonly probe?: Probe
  /** The variables that configure the network proxy; absent to connect directly. */
  readonly proxy?: ProxyVariables
}

/**
 * A typed HTTP client for a hub. Each call sends one request and does not retry the request. The
 * caller can retry the call if `AppError.retryable` is true. Throws `hub-unreachable` if no hub
 * responds; the next call then uses the hub's current URL (`HubAddress.currentUrl`).
 */
export class HubClient {
  #address: HubAddress

  constructor(address: HubAddress) {
    this.#address = address
  }

  get url(): string {
    return this.#address.url
  }

  get proxy(): ProxyVariables {
    return this.#address.proxy ?? {}
  }

  /** Returns a client that uses another token for the same hub. */
  withToken(token: string): HubClient {
    return new HubClient({ ...this.#address, token })
  }

  async call<Name extends RouteName>(
    name: Name,
    input: CallInput<Name>,
    signal?: AbortSignal,
  ): Promise<CallAnswer<Name>> {
    return (await this.exchange(name, input, signal)).answer
  }

  /**
   * Like `call`, but also returns the HTTP status. For a route that creates something with 201, a
   * status of 200 means that an earlier request has already created it.
   */
  async exchange<Name extends RouteName>(
    name: Name,
    input: CallInput<Name>,
    signal?: AbortSignal,
  ): Promise<{ readonly status: number; readonly answer: CallAnswer<Name> }> {
    const route: Route = ROUTES[name]
    const { probe = noProbe } = this.#address
    await probe(`${name}-asked`)
    const response = await this.open(name, input, signal)
    const answer =
      'bytes' in route.answer
        ? response
        : readAnswer(route, route.answer, {
            status: response.status,
            text: await this.#text(response, signal),
          })
    if (answer !== null) await probe(`${name}-answered`)
    // This cast is safe, because the route table gives each name exactly one answer type.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { status: response.status, answer: answer as CallAnswer<Name> }
  }

  /** Like `call`, but returns the response with its body unread, for streams such as live events. */
  async open<Name extends RouteName>(
    name: Name,
    input: CallInput<Name>,
    signal?: AbortSignal,
  ): Promise<Response> {
    const route: Route = ROUTES[name]
    const response = await this.#send(route, input, signal)
    if (!response.ok) {
      throw errorOf(route, {
        status: response.status,
        text: await this.#text(response, signal),
      })
    }
    return response
  }

  async #send(route: Route, input: AnyInput, signal: AbortSignal | undefined): Promise<Response> {
    const url =
      this.#address.url.replace(/\/$/, '') + pathOf(route, input.params) + queryOf(input.query)
    const isBytes = route.body !== null && 'bytes' in route.body
    const headers: Record<string, string> = {
      [PROTOCOL_HEADER]: String(PROTOCOL),
      ...(this.#address.token === null ? {} : { authorization: `Bearer ${this.#address.token}` }),
      ...(route.body === null
        ? {}
        : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
      ...input.headers,
    }
    try {
      return await fetch(url, {
        method: route.method,
        headers,
        redirect: 'error',
        ...(route.body === null
          ? {}
          : {
              body: isBytes ? bodyBytes(input.body) : JSON.stringify(input.body ?? {}),
              duplex: 'half',
            }),
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      const unreachable = this.#unreachable(error, signal)
      await this.#lookUpHub()
      throw unreachable
    }
  }

  async #lookUpHub(): Promise<void> {
    const url = (await this.#address.currentUrl?.()) ?? null
    if (url !== null) this.#address = { ...this.#address, url }
  }

  /** Reads the whole body. Throws `hub-unreachable` if the connection breaks before its end. */
  async #text(response: Response, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await response.text()
    } catch (error) {
      throw this.#unreachable(error, signal)
    }
  }

  #unreachable(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return error
    return new AppError(
      'hub-unreachable',
      `The hub at ${this.#address.url} is not responding: ${plainReason(error)}`,
      { cause: error },
    )
  }
}

function bodyBytes(body: unknown): Uint8Array<ArrayBuffer> | ReadableStream {
  if (body instanceof ReadableStream) return body
  if (body instanceof Uint8Array) return new Uint8Array(body)
  throw new TypeError('the body for this route must be a Uint8Array or a ReadableStream')
}

function pathOf(route: Route, params: unknown): string {
  const values = new Map(Object.entries(params ?? {}))
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(values.get(name))),
  )
}

function queryOf(query: unknown): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(key, Array.isArray(value) ? value.join(',') : String(value))
  }
  return search.size === 0 ? '' : `?${search.toString()}`
}

type Received = { readonly status: number; readonly text: string }

/**
 * Parses a JSON response. Throws `hub-unreachable` if it is not JSON, and `protocol-mismatch` if it
 * does not match the route's schema.
 */
function readAnswer(route: Route, schema: z.ZodType, received: Received): unknown {
  const json = parseJson(received.text)
  if (json === undefined) throw notAHub(route, received)
  const answer = readerOf(schema).safeParse(json)
  if (answer.success) return answer.data
  throw new AppError(
    'protocol-mismatch',
    `This program cannot read the hub’s response to ${route.method} ${route.path}.`,
    { cause: answer.error },
  )
}

const errorOf = (route: Route, received: Received): AppError =>
  fromProblem(parseJson(received.text)) ?? notAHub(route, received)

function notAHub({ method, path }: Route, { status, text }: Received): AppError {
  const shown = text === '' ? '' : `: ${text.slice(0, 200)}`
  return new AppError(
    'hub-unreachable',
    `The program that answered ${method} ${path} is not a Millwright hub; it sent status ${status}${shown}`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
