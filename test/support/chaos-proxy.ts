import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A fault of the network. `share` is the affected fraction of requests, from 0 to 1. */
export type Toxic =
  /** Delays all bytes, in both directions. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Resets the connection after the request has begun. */
  | { readonly kind: 'reset'; readonly share: number }
  /** Drops all bytes of one direction; the connection stays open. */
  | { readonly kind: 'black-hole'; readonly way: 'to hub' | 'from hub' }
  /** Closes the hub's end of each connection and leaves the other end open. */
  | { readonly kind: 'half-open' }
  /** Sends a request a second time after it was answered. */
  | { readonly kind: 'duplicate'; readonly share: number }
  /** The hub handles the request, but its answer is cut off. */
  | { readonly kind: 'lost-reply'; readonly share: number }

/** A stable address for a hub that restarts, with network faults on demand. */
export type ChaosProxy = AsyncDisposable & {
  readonly url: string
  /** Sets the port of the hub. */
  aim(port: number): void
  /** Sets the fault, also for open connections; null removes it. */
  poison(toxic: Toxic | null): void
  /** Breaks all open connections. */
  cut(): void
}

type Line = {
  readonly port: () => number
  readonly toxic: () => Toxic | null
  readonly happens: (share: number) => boolean
  readonly sockets: Set<Socket>
}

/** @param random returns numbers from 0 to 1; a seeded one makes the faults reproducible */
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

/** Closes only the hub's side. */
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

/** Repeats a request on a separate connection and ignores the answer. */
function repeat(request: readonly Buffer[], { port, sockets }: Line): void {
  const again = connect(port(), '127.0.0.1')
  sockets.add(again)
  again.on('error', () => {}).on('close', () => sockets.delete(again))
  again.on('data', () => again.destroy())
  again.write(Buffer.concat(request))
}
