import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { text } from 'node:stream/consumers'

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string }
type Answer = number | ((response: ServerResponse) => void)

/** A local receiver of callbacks that keeps all messages. */
export type Sink = AsyncDisposable & {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** Sets its next answers, in order; the last one repeats. */
  answers(...answers: readonly [Answer, ...Answer[]]): void
  /** Resolves when this many messages have arrived. */
  count(messages: number): Promise<readonly Received[]>
}

/** Never answers. */
export const HANG: Answer = () => {}

export const redirect =
  (location: string): Answer =>
  (response) =>
    void response.writeHead(302, { location }).end()

/** Starts a receiver that accepts every message. */
export async function serveSink(): Promise<Sink> {
  const received: Received[] = []
  let answers: readonly Answer[] = [204]
  let heard = Promise.withResolvers<void>()
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    received.push({ headers: request.headers, body })
    const [answer = 204, ...rest] = answers
    if (rest.length > 0) answers = rest
    if (typeof answer === 'number') response.writeHead(answer).end()
    else answer(response)
    heard.resolve()
    heard = Promise.withResolvers()
  }
  // A message that was cut off does not count.
  const server = createServer(
    (request, response) => void receive(request, response).catch(() => {}),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    answers: (...next) => {
      answers = next
    },
    count: async (messages) => {
      while (received.length < messages) await heard.promise
      return received
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
