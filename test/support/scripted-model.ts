import { type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { Script } from '../../src/gateway/script.ts'
import { aFence, aGateway, aModelServer, aScript } from './gateway.ts'

/**
 * A model server, in Anthropic's dialect, that follows a script. Each request for an answer first
 * goes to `intercept`, which may answer it instead and then returns true.
 */
export async function aScriptedModel(
  script: z.input<typeof Script>,
  intercept: (response: ServerResponse) => boolean,
): Promise<string> {
  const gateway = await aGateway({ replay: await aScript(script) })
  const door = await gateway.open(aFence())
  return aModelServer((request, response) => {
    if (request.method === 'POST' && intercept(response)) return
    passOn(request, response, door)
  })
}

/** The gateway under test speaks to an upstream, this one to a gateway that replays. */
export function passOn(
  from: IncomingMessage,
  to: ServerResponse,
  { baseUrl, token }: { readonly baseUrl: string; readonly token: string },
): void {
  const url = `${baseUrl}/anthropic${from.url ?? ''}`
  const { host: _, ...headers } = from.headers
  const onward = ask(url, { method: from.method, headers: { ...headers, 'x-api-key': token } })
  onward.on('response', (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(to)
  })
  from.pipe(onward)
}
