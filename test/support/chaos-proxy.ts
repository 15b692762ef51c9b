import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** What is wrong with the line. `share` of all requests from 0 to 1. */
export type Toxic =
  /** Everything comes later, in both directions. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The connection is reset when its request has begun. */
  | { readonly kind: 'reset'; readonly share: number }
  /** One direction swallows all bytes; the connection stays. */
  | { readonly kind: 'black-hole'; readonly way: 'to hub' | 'from hub' }
  /** The hub's end of each connection is gone, and nobody tells the other end. */
  | { readonly kind: 'half-open' }
  /** A request arrives a second time after it was answered. */
  | { readonly kind: 'duplicate'; readonly share: number }
  /** The hub has done it, and its answer breaks off. */
  | { readonly kind: 'lost-reply'; readonly share: number }

/** One lasting address for a hub that comes and goes, over a line that can be made bad. */
export type ChaosProxy = AsyncDisposable & {
  readonly url: string
  /** Where the hub is now. */
  aim(port: number): void
  /** From now on, for old connections too; null heals the line. */
  poison(toxic: Toxic | null): void
  /** Breaks every connection there is. */
  cut(): void
}

type Line = {
  readonly port: () => number
  readonly toxic: () => Toxic | null
  readonly happens: (share: number) => boolean
  readonly sockets: Set<Socket>
}

/** @param random from 0 to 1, so that a seed gives the same chaos again */
export async function startChaosProxy(random: () => number = Math.random): Promise<ChaosProxy> {
  const sockets = new Set<Socket>()
  let [port, toxic]: [number, Toxic | null] = [0, null]
  const line: Line = {
    port: () => port,
    toxic: () => toxic,
    happens: (share) => random() < share,
    sockets,
  }
  const server = createServer((from) => serve(from, line))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    aim: (given) => (port = given),
    poison: (given) => {
      toxic = given
      if (given?.kind === 'half-open') for (const socket of sockets) halve(socket)
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}

const HUB_SIDE = Symbol('towards the hub')
type HubSide = Socket & { [HUB_SIDE]?: boolean }

/** Ends the hub's side alone. */
function halve(socket: HubSide): void {
  if (socket[HUB_SIDE] === true) socket.removeAllListeners('close').destroy()
}

function serve(from: Socket, line: Line): void {
  const to: HubSide = connect(line.port(), '127.0.0.1')
  to[HUB_SIDE] = true
  // What the hub has not answered yet: as callers wait for each answer, one whole request.
  let request: Buffer[] = []
  let answered = false
  for (const [socket, other] of [
    [from, to],
    [to, from],
  ] as const) {
    line.sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => {
      line.sockets.delete(socket)
      other.destroy()
    })
  }
  from.on('data', (chunk) => {
    if (answered) request = []
    answered = false
    request.push(chunk)
    const toxic = line.toxic()
    if (toxic?.kind === 'reset' && line.happens(toxic.share)) from.resetAndDestroy()
    else if (toxic?.kind === 'half-open') halve(to)
    else pass(chunk, to, { toxic, way: 'to hub' })
  })
  to.on('data', (chunk) => {
    const toxic = line.toxic()
    const isFirst = !answered
    answered = true
    if (isFirst && toxic?.kind === 'lost-reply' && line.happens(toxic.share)) from.destroy()
    else pass(chunk, from, { toxic, way: 'from hub' })
    if (isFirst && toxic?.kind === 'duplicate' && line.happens(toxic.share)) repeat(request, line)
  })
}

function pass(
  chunk: Buffer,
  to: Socket,
  { toxic, way }: { readonly toxic: Toxic | null; readonly way: 'to hub' | 'from hub' },
): void {
  if (toxic?.kind === 'black-hole' && toxic.way === way) return
  const write = () => {
    if (!to.destroyed) to.write(chunk)
  }
  if (toxic?.kind === 'latency') setTimeout(write, toxic.ms)
  else write()
}

/** Sends a request once more on a connection of its own; nobody hears the answer. */
function repeat(request: readonly Buffer[], { port, sockets }: Line): void {
  const again = connect(port(), '127.0.0.1')
  sockets.add(again)
  again.on('error', () => {}).on('close', () => sockets.delete(again))
  again.on('data', () => again.destroy())
  again.write(Buffer.concat(request))
}
