import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A proxy to a database whose connections can go silent, as when a firewall drops their state. */
export type SilentProxy = AsyncDisposable & {
  /** The same address, through the proxy. */
  through(url: string): string
  /**
   * From now on, open connections pass nothing; new ones work. Resolves when the first request is
   * lost.
   */
  silence(): Promise<void>
}

/** @param socketPath of the server */
export async function startSilentProxy(socketPath: string): Promise<SilentProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(socketPath)
    const pair = [near, far] as const
    pairs.add(pair)
    near.pipe(far).pipe(near)
    for (const socket of pair) socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    through: (url) => url.replace(/@[^/]+/, `@127.0.0.1:${address.port}`),
    silence: async () => {
      const questions = [...pairs].map(([near]) => once(near, 'data'))
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        for (const socket of [near, far]) socket.resume()
      }
      await Promise.race(questions)
    },
    [Symbol.asyncDispose]: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
