import { connect } from 'node:net'

/**
 * Sends bytes as they are to a port of this machine and resolves with all that comes back until
 * the other side ends the connection. Never speaks HTTP itself: for requests no client would send.
 */
export function sendRaw(
  port: number,
  ...pieces: readonly (string | Uint8Array)[]
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece)
    })
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      received += text
    })
    socket.on('close', () => resolve(received))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A refused request may be cut off while its bytes are still on the way.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
  })
}

/** The status of the first answer; 0 when the connection was ended without one. */
export const statusOf = (answer: string): number =>
  Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)

/** How many answers came. */
export const answersIn = (answer: string): number => answer.split('HTTP/1.1 ').length - 1

/** A request as text, with its connection closed after the answer. */
export const request = (line: string, ...headers: readonly string[]): string =>
  `${line} HTTP/1.1\r\n${[...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`
