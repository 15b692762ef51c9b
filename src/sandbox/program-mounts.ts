import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError } from '../domain/errors.ts'
import type { Command } from '../domain/launch.ts'
import { locateProgram } from '../platform/locate-program.ts'
import { isWithin, type Mount, seenAt } from './mounts.ts'

/** A script's interpreter may itself be a script, but not without end. */
const INTERPRETERS_MAX = 3

/**
 * What must be mounted besides, so that a program which the worker's PATH finds can be started: it
 * may be installed in a home that the sandbox hides, together with its package and interpreter.
 * Nothing is opened for a program named by a path, because a job can name any path.
 * Throws AppError `program-unstartable` when it is missing or stays hidden.
 */
export function programMounts(
  { argv: [name], cwd, env }: Pick<Command, 'argv' | 'cwd' | 'env'>,
  mounts: readonly Mount[],
): readonly Mount[] {
  if (!name.includes('/')) return mountsOnPath(name, env['PATH'] ?? '', mounts)
  if (seenAt(resolve(cwd, name), mounts) !== 'hide') return []
  throw unstartable(name, 'the sandbox hides it')
}

function mountsOnPath(
  name: string,
  path: string,
  mounts: readonly Mount[],
  depth = 0,
): readonly Mount[] {
  const found = locateProgram(name, path)
  if (found === null) throw unstartable(name, `not found; PATH is ${path === '' ? 'empty' : path}`)
  const place = join(realpathSync(dirname(found)), basename(found))
  // What lies in a writable folder is there already, and the agent could point it anywhere.
  if (seenAt(place, mounts) === 'write') return []

  const program = realpathSync(found)
  const isHidden = (file: string) => seenAt(file, mounts) === 'hide'
  const links = new Set([found, place].filter((file) => file !== program && isHidden(file)))
  const interpreter = depth < INTERPRETERS_MAX ? interpreterOf(program) : null
  return [
    ...(isHidden(program) ? [{ kind: 'read' as const, path: packageOf(program) }] : []),
    ...[...links].map((link) => ({ kind: 'link' as const, path: link, target: program })),
    ...(interpreter === null ? [] : mountsOnPath(interpreter, path, mounts, depth + 1)),
  ].filter((mount, _, all) => !isInsideAnother(mount, all))
}

/** The outermost node_modules around a file, whose packages need each other; else the file alone. */
function packageOf(program: string): string {
  const [before, inside] = program.split('/node_modules/', 2)
  return inside === undefined ? program : `${before}/node_modules`
}

/** The name after `#!/usr/bin/env`, or null. An interpreter named by its path is where systems keep it. */
function interpreterOf(program: string): string | null {
  const file = openSync(program, 'r')
  try {
    const head = Buffer.alloc(256)
    const text = head.toString('latin1', 0, readSync(file, head, 0, head.length, 0))
    return /^#! *\/usr\/bin\/env +(?:-S +)?([\w.-]+)/.exec(text)?.[1] ?? null
  } finally {
    closeSync(file)
  }
}

/** A link inside a folder that is mounted anyway exists there already. */
const isInsideAnother = (mount: Mount, all: readonly Mount[]): boolean =>
  all.some((other) => other !== mount && other.kind === 'read' && isWithin(mount.path, other.path))

const unstartable = (name: string, why: string): AppError =>
  new AppError('program-unstartable', `cannot start ${name}: ${why}`)
