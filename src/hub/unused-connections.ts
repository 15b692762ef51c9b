import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * When `closing` aborts, closes the connections on which no request was sent. Node's server closes
 * idle connections itself, but counts a connection as idle only after its first request. Without
 * this function, a connection that a client opened in advance would delay closing the hub.
 */
export function dropUnusedConnections(server: Server, closing: AbortSignal): void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    if (closing.aborted) socket.destroy()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  closing.addEventListener('abort', () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  })
}
