import { text } from 'node:stream/consumers'
import { AppError } from '../domain/errors.ts'
import { locateProgram } from '../platform/locate-program.ts'
import type { Logger } from '../platform/log.ts'
import { bubblewrap } from './bubblewrap.ts'

/**
 * Finds bwrap on a PATH and tests it by running a program in it, because many containers forbid
 * bwrap even if it is installed. Throws AppError `sandbox-missing`.
 */
export async function findBubblewrap(options: {
  readonly path: string
  readonly log: Logger
}): Promise<string> {
  const bwrap = locateProgram('bwrap', options.path)
  if (bwrap === null) {
    throw new AppError('sandbox-missing', `bubblewrap (bwrap) is not on the PATH ${options.path}`)
  }
  await probe(bwrap, options)
  return bwrap
}

async function probe(bwrap: string, { path, log }: { path: string; log: Logger }): Promise<void> {
  const launch = bubblewrap({ bwrap, marker: 'probe', hidden: [], readable: [], log })
  const env = { PATH: path }
  const child = await launch({ argv: ['true'], cwd: '/', env, writable: [], readable: [] })
  const [words, { code }] = await Promise.all([text(child.stderr), child.exit])
  if (code === 0) return
  throw new AppError('sandbox-missing', `bubblewrap does not work on this machine: ${words.trim()}`)
}
