import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasErrno } from '../platform/errno.ts'
import type { Terminal } from './terminal.ts'

/**
 * Copies a stream to stdout, which stays open. If the reader of stdout closes it, as in
 * `millwright diff 12 | head`, the copying ends without an error. Throws the errors of `body`.
 */
export async function copyOut(body: Readable, { stdout }: Pick<Terminal, 'stdout'>): Promise<void> {
  // Records the error of stdout. `stdout.errored` would not show the error: Node clears that
  // property for process.stdout, which is never destroyed.
  let failure: unknown = null
  const note = (error: unknown): void => {
    failure = error
  }
  stdout.once('error', note)
  try {
    await pipeline(body, stdout, { end: false })
  } catch (error) {
    if (!hasErrno(failure, 'EPIPE')) throw error
  } finally {
    stdout.off('error', note)
  }
}
