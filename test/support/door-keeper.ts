import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** One address for several hubs, like a load balancer. */
export type DoorKeeper = AsyncDisposable & { readonly url: string }

/** Forwards each connection to the next port that accepts it. */
export async function keepDoor(ports: readonly number[]): Promise<DoorKeeper> {
  const sockets = new Set<Socket>()
  let turn = 0
  const server = createServer((from) => {
    sockets.add(from)
    from.on('error', () => {}).on('close', () => sockets.delete(from))
    turn += 1
    handOn(from, [...ports.slice(turn % ports.length), ...ports.slice(0, turn % ports.length)])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function handOn(from: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined) {
    from.destroy()
    return
  }
  const to = connect(port, '127.0.0.1')
  to.once('error', () => handOn(from, others))
  to.once('connect', () => {
    to.removeAllListeners('error').on('error', () => from.destroy())
    from.on('error', () => to.destroy())
    from.pipe(to).pipe(from)
    to.on('close', () => from.destroy())
  })
}
