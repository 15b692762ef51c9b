import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { JSON_BYTES_MAX } from '../protocol/schemas.ts'
import type { Terminal } from './terminal.ts'

/**
 * Reads a file named on the command line, or stdin for `-`. Throws `file-unreadable`, and
 * `body-too-large` above the size that a hub accepts.
 */
export async function readInput(
  path: string,
  terminal: Pick<Terminal, 'stdin' | 'cwd'>,
): Promise<string> {
  const name = path === '-' ? 'stdin' : path
  const source = path === '-' ? terminal.stdin : createReadStream(resolve(terminal.cwd, path))
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of source) {
      const bytes = Buffer.from(part)
      size += bytes.length
      if (size > JSON_BYTES_MAX) {
        throw new AppError(
          'body-too-large',
          `${name} is larger than ${JSON_BYTES_MAX} bytes, the maximum that a hub accepts`,
        )
      }
      parts.push(bytes)
    }
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error)) throw error
    throw new AppError('file-unreadable', `Cannot read ${name}: ${error.message}`, { cause: error })
  }
  return Buffer.concat(parts).toString('utf8')
}
