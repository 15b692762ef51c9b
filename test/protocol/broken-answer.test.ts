import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { HubClient } from '../../src/protocol/client.ts'

/** A client of a server that answers every request this way. */
async function clientOf(answer: RequestListener): Promise<HubClient> {
  const server = createServer(answer)
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return new HubClient({ url: `http://127.0.0.1:${port}`, token: null })
}

it.each([200, 409])(
  'a hub that dies in the middle of an answer (%i) cannot be reached',
  async (status) => {
    const client = await clientOf((_, response) => {
      response.writeHead(status, { 'content-length': 100 })
      response.write('{"status"', () => response.destroy())
    })

    await expect(client.call('live', {})).rejects.toMatchObject({
      code: 'hub-unreachable',
      retryable: true,
    })
  },
)

it.each([
  [404, '', 'status 404'],
  [200, '<html>', 'status 200: <html>'],
])('a program that is not a hub is named by its answer: %i %j', async (status, text, words) => {
  const client = await clientOf((_, response) => response.writeHead(status).end(text))

  await expect(client.call('live', {})).rejects.toMatchObject({
    code: 'hub-unreachable',
    message: `The program that answered GET /livez is not a Millwright hub; it sent ${words}`,
  })
})
