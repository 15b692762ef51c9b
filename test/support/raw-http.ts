import { connect } from 'node:net'

/**
 * Sends raw bytes to a local port and resolves with all bytes received until the other side closes
 * the connection. For requests that no HTTP client would send.
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
      // The server may close the connection of a refused request before it has read all bytes.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
  })
}

/** The status of the first answer; 0 when the connection closed without one. */
export const statusOf = (answer: string): number =>
  Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)

/** The number of answers. */
export const answersIn = (answer: string): number => answer.split('HTTP/1.1 ').length - 1

/** A request as text, with its connection closed after the answer. */
export const request = (line: string, ...headers: readonly string[]): string =>
  `${line} HTTP/1.1\r\n${[...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`
