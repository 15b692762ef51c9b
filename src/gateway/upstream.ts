import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'
import { withoutProxyLogin } from '../domain/proxy.ts'
import { hasErrno } from '../platform/errno.ts'
import { http, https } from '../platform/node-http.ts'
import { nodeProxy } from '../platform/use-proxy.ts'
import type { Question, Source } from './exchange.ts'
import { agentHeaders, upstreamHeaders } from './headers.ts'
import { ReachedHosts } from '../platform/reached-hosts.ts'
import type { GatewaySettings, Upstream } from './settings.ts'

const CONNECT_MS_MAX = 10_000
const IDLE_MS_MAX = 10 * 60_000

/**
 * Makes a source that forwards requests to the real models, with the real keys. The source throws
 * `upstream-missing` if the worker has no model for the dialect's provider, `upstream-unreachable`
 * if the model does not respond, and `upstream-unknown` if the model's host name does not resolve
 * and the host has never responded to this worker.
 */
export function upstreamSource({
  upstreams,
  hosts,
  proxy,
}: Pick<GatewaySettings, 'upstreams' | 'hosts' | 'proxy'>): Source {
  const reached = hosts === null ? null : new ReachedHosts(hosts)
  const plain = new http.Agent({ keepAlive: true, proxyEnv: nodeProxy(proxy) })
  const secure = new https.Agent({ keepAlive: true, proxyEnv: nodeProxy(proxy) })

  return async (question, signal) => {
    const { provider } = question.route.dialect
    const upstream = upstreams[provider]
    if (upstream === undefined) {
      throw new AppError(
        'upstream-missing',
        `This worker has no ${provider} model. Start it with --upstream-${provider} URL or --replay FILE.`,
      )
    }
    const url = urlOf(upstream, question)
    const open = (): ClientRequest => {
      const options = { method: question.method, headers: headersOf(upstream, question), signal }
      return url.protocol === 'https:'
        ? https.request(url, { ...options, agent: secure })
        : http.request(url, { ...options, agent: plain })
    }
    const response = await send(open, question.body).catch((error: unknown) => {
      if (signal.aborted) throw error
      const isNew = hasErrno(error, 'ENOTFOUND') && reached?.has(url.host) !== true
      throw new AppError(
        isNew ? 'upstream-unknown' : 'upstream-unreachable',
        `The ${provider} model at ${url.host} cannot be reached: ${withoutProxyLogin(messageOf(error), proxy)}`,
        { cause: error },
      )
    })
    await reached?.add(url.host)
    const { statusCode: status = 502, headers } = response
    return { status, headers: agentHeaders(headers), body: response, replayed: null }
  }
}

/**
 * The URL of a request at the upstream. Removes a trailing /v1 from `baseUrl`, because
 * `upstreamPath` also begins with /v1.
 */
const urlOf = ({ baseUrl }: Upstream, { route }: Question): URL =>
  new URL(baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '') + route.upstreamPath)

function headersOf(upstream: Upstream, { route, headers }: Question): OutgoingHttpHeaders {
  const key = upstream.apiKey
  return { ...upstreamHeaders(headers), ...(key === null ? {} : route.dialect.keyHeader(key)) }
}

/**
 * Sends a request and returns the response. Retries once if the request used a kept-alive
 * connection that the upstream had already closed.
 */
async function send(open: () => ClientRequest, body: Buffer): Promise<IncomingMessage> {
  const request = open()
  try {
    return await responseTo(request, body)
  } catch (error) {
    if (!request.reusedSocket || !hasErrno(error, 'ECONNRESET')) throw error
    return await responseTo(open(), body)
  }
}

function responseTo(request: ClientRequest, body: Buffer): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const connectTimeout = setTimeout(
    () => request.destroy(new Error(`no connection within ${CONNECT_MS_MAX / 1000} s`)),
    CONNECT_MS_MAX,
  )
  const connected = (): void => clearTimeout(connectTimeout)
  request.once('socket', (socket) => {
    if (!socket.connecting) return connected()
    return socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected)
  })
  request.setTimeout(IDLE_MS_MAX, () =>
    request.destroy(new Error(`no data for ${IDLE_MS_MAX / 60_000} min`)),
  )
  request.once('close', connected)
  request.once('response', resolve)
  // After the response has begun, `reject` does nothing. The reader of the body gets later errors.
  request.on('error', reject)
  request.end(body)
  return promise
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || String(codeOf(error)) : String(error)
