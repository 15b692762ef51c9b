import { once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'

export type NetworkProxy = {
  readonly url: string
  /** What was asked of it: `METHOD target`. */
  readonly asked: string[]
}

/**
 * A network proxy that leads to the server at `target` whatever host it is asked for, as a stand-in
 * for names that only a proxy can resolve.
 * @param options.login requires this `user:password`
 */
export async function aNetworkProxy(
  target: string,
  options: { readonly login?: string } = {},
): Promise<NetworkProxy> {
  const { hostname, port } = new URL(target)
  const asked: string[] = []
  const isRefused = (request: http.IncomingMessage): boolean => {
    asked.push(`${request.method} ${request.url}`)
    if (options.login === undefined) return false
    const expected = `Basic ${Buffer.from(options.login).toString('base64')}`
    return request.headers['proxy-authorization'] !== expected
  }
  const server = http.createServer((request, response) => {
    if (isRefused(request)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end()
      return
    }
    const { pathname, search } = new URL(request.url ?? '')
    const { method, headers } = request
    const onward = http.request({ hostname, port, method, headers, path: pathname + search })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  server.on('connect', (request, socket) => {
    socket.on('error', () => {})
    if (isRefused(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, asked }
}
