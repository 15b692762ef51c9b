import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/**
 * A proxy to a git server that lies about the ref HEAD points to, which git does not check. Closed
 * when the test ends.
 * @returns its address
 */
export async function startLyingServer(honest: string, head: string): Promise<string> {
  const http = createServer((request, response) => void answer(request, response))
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = request
    const { host: _, connection: __, ...headers } = request.headers
    const asked = await fetch(new URL(url, honest), {
      method,
      headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
      ...(method === 'POST' ? { body: await buffer(request) } : {}),
    })
    const bytes = Buffer.from(await asked.arrayBuffer())
    response
      .writeHead(asked.status, { 'content-type': asked.headers.get('content-type') ?? '' })
      .end(Buffer.from(lie(bytes.toString('latin1'), head), 'latin1'))
  }
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => {
    http.close().closeAllConnections()
  })
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

/** A pkt-line of git's protocol, which begins with its length. */
const lie = (text: string, head: string): string =>
  text.replaceAll(/[0-9a-f]{4}([0-9a-f]{40} HEAD symref-target:)\S+\n/g, (_, start: string) => {
    const line = `${start}${head}\n`
    return `${(line.length + 4).toString(16).padStart(4, '0')}${line}`
  })
