import { once } from 'node:events'
import { connect } from 'node:net'

const HEAD_END = '\r\n\r\n'

/** A request that is sent again and again over each connection, one at a time. */
export type Load = {
  readonly port: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly connections: number
  readonly seconds: number
}

/** Requests per second. Writes and reads bare bytes, so that the client does not limit the server. */
export async function requestsPerSecond(load: Load): Promise<number> {
  const until = performance.now() + load.seconds * 1000
  const started = performance.now()
  const counts = await Promise.all(
    Array.from({ length: load.connections }, () => keepAsking(load, until)),
  )
  const sum = counts.reduce((total, count) => total + count, 0)
  return sum / ((performance.now() - started) / 1000)
}

async function keepAsking(load: Load, until: number): Promise<number> {
  const socket = connect(load.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  socket.setEncoding('latin1')
  const request = requestText(load)
  let count = 0
  let received = ''
  const done = Promise.withResolvers<void>()
  socket.on('error', done.reject)
  socket.on('close', () => done.resolve())
  socket.on('data', (piece: string) => {
    received += piece
    if (!isWhole(received)) return
    if (!received.startsWith('HTTP/1.1 200')) done.reject(new Error(received))
    received = ''
    count += 1
    if (performance.now() < until) socket.write(request)
    else socket.destroy()
  })
  socket.write(request)
  await done.promise
  return count
}

function requestText({ method, path, headers, body }: Load): string {
  const all = { host: '127.0.0.1', 'content-length': String(body.length), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}${HEAD_END}${body}`
}

function isWhole(received: string): boolean {
  const head = received.indexOf(HEAD_END)
  if (head < 0) return false
  const length = Number(/content-length: (\d+)/i.exec(received)?.[1])
  return received.length >= head + HEAD_END.length + length
}
