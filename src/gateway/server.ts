import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { addAbortSignal } from 'node:stream'
import { AppError } from '../domain/errors.ts'
import { http } from '../platform/node-http.ts'
import type { Doors } from './doors.ts'
import { CutOff } from './exchange.ts'
import { type PassageContext, passThrough } from './passage.ts'
import { dialectOf, routeOf } from './routes.ts'

const REQUEST_BYTES_MAX = 64 * 1024 * 1024
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

type ServerContext = PassageContext & { readonly doors: Doors }

/**
 * The gateway's HTTP server. Forwards each request that carries an open door's token to the source.
 * An unexpected error crashes the gateway process, and the worker starts a new one.
 */
export function gatewayServer(context: ServerContext): Server {
  const server = http.createServer((request, response) => void serve(context, request, response))
  // Refuse upgrades to WebSocket: after a 404, agents immediately fall back to plain HTTP.
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  })
  return server
}

async function serve(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', headers } = request
  const url = new URL(`http://gateway${(request.url ?? '/').replace(/^[^/]/, '/')}`)
  try {
    checkCaller(request)
    // Some agents first send a HEAD request without a key to check whether the server is up.
    if (method === 'HEAD') return void response.writeHead(200).end()
    const route = routeOf(method, url)
    if (route === null)
      throw new AppError('route-unknown', `The gateway has no route for ${method} ${url.pathname}.`)
    const door = context.doors.of(headers)
    await door.during(async () => {
      const body = route.dialect.outgoing(await bodyOf(request, door.signal))
      const place = route.asks === 'answer' ? door.meter.ask() : 0
      const question = { route, method, headers, body, door: door.ordinal, place }
      await passThrough(context, { question, door, response })
    })
  } catch (error) {
    refuse(error, url, response)
  }
}

/**
 * Refuses requests from web pages. A page could reach the gateway through DNS rebinding: its domain
 * name can resolve to 127.0.0.1, but the Host header still contains that name.
 */
function checkCaller({ headers }: IncomingMessage): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (!LOOPBACK.has(host)) {
    throw new AppError(
      'host-refused',
      'The Host header of a request must be 127.0.0.1, localhost or [::1].',
    )
  }
  if (headers.origin !== undefined) {
    throw new AppError('origin-refused', 'The gateway does not accept requests from web pages.')
  }
}

/**
 * Reads the whole body. Streaming it would save no time, because a model starts only after it has
 * received the full request.
 */
async function bodyOf(request: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of addAbortSignal(signal, request)) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('a request body must consist of bytes')
    size += piece.byteLength
    if (size > REQUEST_BYTES_MAX) {
      throw new AppError(
        'body-too-large',
        `A model request may be at most ${REQUEST_BYTES_MAX} bytes long.`,
      )
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/**
 * Sends an error response in the agent's dialect. If a response has already begun, breaks the
 * connection instead. Rethrows an error that was not expected.
 */
function refuse(error: unknown, url: URL, response: ServerResponse): void {
  if (!(error instanceof AppError)) {
    if (!isBroken(error)) throw error
    response.destroy()
    return
  }
  if (response.headersSent || response.destroyed) return void response.destroy()
  const { status, code, message } = error
  response.writeHead(status, {
    'content-type': 'application/json',
    // Shows the agent that the error comes from the gateway, not from the upstream.
    'x-millwright-error': code,
    connection: 'close',
  })
  response.end(JSON.stringify(dialectOf(url).error({ status, code, message })))
}

/**
 * Whether the error means that a connection broke or was aborted. Such an error is a system or Node
 * error, which has a `code`, or our own `CutOff`.
 */
const isBroken = (error: unknown): boolean =>
  error instanceof CutOff || (error instanceof Error && 'code' in error)
