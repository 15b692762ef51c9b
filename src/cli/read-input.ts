import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { plainReason } from '../platform/plain-reason.ts'
import { JSON_BYTES_MAX } from '../protocol/schemas.ts'
import type { Terminal } from './terminal.ts'

/**
 * Reads a file named on the command line, or stdin for `-`. A byte order mark is removed. Throws
 * `file-unreadable`, and `body-too-large` if there are more than `maxBytes` bytes.
 */
export async function readInput(
  path: string,
  terminal: Pick<Terminal, 'stdin' | 'cwd'>,
  maxBytes: number = JSON_BYTES_MAX,
): Promise<string> {
  const name = sourceName(path)
  const source = path === '-' ? terminal.stdin : createReadStream(resolve(terminal.cwd, path))
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of source) {
      const bytes = Buffer.from(part)
      size += bytes.length
      if (size > maxBytes) {
        throw new AppError(
          'body-too-large',
          `${name} is larger than ${maxBytes} bytes, the maximum`,
        )
      }
      parts.push(bytes)
    }
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error)) throw error
    throw new AppError('file-unreadable', `Cannot read ${name}: ${plainReason(error)}`, {
      cause: error,
    })
  }
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
}

/** The name of a file in messages. */
export const sourceName = (path: string): string => (path === '-' ? 'stdin' : path)
