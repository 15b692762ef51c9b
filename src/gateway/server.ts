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
 * The HTTP side of the gateway. Lets a request through a live door to the source of answers and
 * the answer back as it comes, counting while it passes. An error that is nobody's to expect
 * rejects and ends the process; the parent starts it again.
 */
export function gatewayServer(context: ServerContext): Server {
  const server = http.createServer((request, response) => void serve(context, request, response))
  // Agents fall back to plain HTTP at once when an upgrade is not found.
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
    // Some agents look whether anybody is there before they show a key.
    if (method === 'HEAD') return void response.writeHead(200).end()
    const route = routeOf(method, url)
    if (route === null) throw new AppError('route-unknown', `No model route: ${url.pathname}`)
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

/** A page in a browser, or a name that resolves to this machine, must not reach the models. */
function checkCaller({ headers }: IncomingMessage): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (!LOOPBACK.has(host)) {
    throw new AppError('host-refused', 'The gateway answers to its loopback address alone.')
  }
  if (headers.origin !== undefined) {
    throw new AppError('origin-refused', 'The gateway does not answer to web pages.')
  }
}

/** The whole request: a model begins only when it has it all, so nothing is gained by streaming. */
async function bodyOf(request: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of addAbortSignal(signal, request)) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('a request is made of bytes')
    size += piece.byteLength
    if (size > REQUEST_BYTES_MAX) {
      throw new AppError('body-too-large', `A model request may have ${REQUEST_BYTES_MAX} bytes.`)
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** Tells the agent in its own dialect, or breaks the connection when it is too late for words. */
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
    // Tells a refusal of the gateway from an error of the upstream.
    'x-millwright-error': code,
    connection: 'close',
  })
  response.end(JSON.stringify(dialectOf(url).error({ status, code, message })))
}

/** A connection that broke on either side, was aborted or cut; all of these carry a code or are ours. */
const isBroken = (error: unknown): boolean =>
  error instanceof CutOff || (error instanceof Error && 'code' in error)
