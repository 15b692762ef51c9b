import { createServer } from 'node:http'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { HubClient } from '../../src/protocol/client.ts'

it.each([200, 409])(
  'a hub that dies in the middle of an answer (%i) cannot be reached',
  async (status) => {
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-length': 100 })
      response.write('{"status"', () => response.destroy())
    })
    onTestFinished(() => void server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const client = new HubClient({ url: `http://127.0.0.1:${port}`, token: null })

    await expect(client.call('live', {})).rejects.toMatchObject({
      code: 'hub-unreachable',
      retryable: true,
    })
  },
)
