import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A proxy to a hub that can simulate a network that drops everything silently. */
export type HalfOpen = AsyncDisposable & {
  readonly url: string
  /** From now on, old and new connections accept everything and answer nothing. */
  fallSilent(): void
  /** Old connections break, new ones work. */
  heal(): void
}

/** Starts the proxy in front of a hub. */
export async function startHalfOpen(hub: { readonly port: number }): Promise<HalfOpen> {
  const sockets = new Set<Socket>()
  let silent = false
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    keep(near)
    if (silent) return
    const far = keep(connect(hub.port, '127.0.0.1'))
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    fallSilent: () => {
      silent = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    heal: () => {
      silent = false
      breakAll()
    },
    [Symbol.asyncDispose]: async () => {
      breakAll()
      server.close()
      await once(server, 'close')
    },
  }
}
