import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'

/** A request that the gate holds. */
export type Held = {
  /** Resolves when the request, or its answer, has arrived at the gate. */
  readonly here: Promise<void>
  /** Lets it and all later ones pass. */
  release(): void
  /** Breaks its connection, and lets all later ones pass. */
  drop(): void
}

/** A proxy to a hub that can hold or drop single requests or answers. */
export type Gate = AsyncDisposable & {
  readonly url: string
  /** The requests so far, as `METHOD /path`, with their time by `performance.now()`. */
  readonly seen: readonly { readonly line: string; readonly at: number }[]
  /** Holds requests that match `METHOD /path` before the hub, or their answers before the caller. */
  hold(pattern: RegExp, what: 'request' | 'answer'): Held
}

type Rule = {
  readonly pattern: RegExp
  readonly what: 'request' | 'answer'
  readonly arrive: () => void
  readonly verdict: Promise<'pass' | 'drop'>
  over: boolean
}

/** Starts a gate in front of a hub. */
export async function startGate(hub: { readonly port: number }): Promise<Gate> {
  const rules: Rule[] = []
  const seen: { line: string; at: number }[] = []
  const passes = async (incoming: IncomingMessage, what: Rule['what']): Promise<boolean> => {
    const line = `${incoming.method} ${incoming.url}`
    if (what === 'request') seen.push({ line, at: performance.now() })
    const rule = rules.find((each) => !each.over && each.what === what && each.pattern.test(line))
    rule?.arrive()
    return (await rule?.verdict) !== 'drop'
  }
  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing, { port: hub.port, passes }).catch(() => incoming.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    hold: (pattern, what) => {
      const arrived = Promise.withResolvers<void>()
      const verdict = Promise.withResolvers<'pass' | 'drop'>()
      const rule: Rule = {
        pattern,
        what,
        arrive: arrived.resolve,
        verdict: verdict.promise,
        over: false,
      }
      rules.push(rule)
      const decide = (how: 'pass' | 'drop') => {
        rule.over = true
        verdict.resolve(how)
      }
      return {
        here: arrived.promise,
        release: () => decide('pass'),
        drop: () => decide('drop'),
      }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

type Way = {
  readonly port: number
  readonly passes: (incoming: IncomingMessage, what: Rule['what']) => Promise<boolean>
}

async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { port, passes }: Way,
): Promise<void> {
  if (!(await passes(incoming, 'request'))) return void incoming.socket.destroy()
  const { method, url, headers } = incoming
  const onward = request({
    host: '127.0.0.1',
    port,
    method,
    path: url,
    headers: { ...headers, host: `127.0.0.1:${port}` },
  })
  const giveUp = () => onward.destroy()
  incoming.socket.once('close', giveUp)
  try {
    const answered = once(onward, 'response')
    await Promise.all([pipeline(incoming, onward), answered])
    const [answer] = await answered
    if (!(await passes(incoming, 'answer'))) return void incoming.socket.destroy()
    outgoing.writeHead(answer.statusCode, answer.headers)
    await pipeline(answer, outgoing)
  } finally {
    incoming.socket.off('close', giveUp)
  }
}
