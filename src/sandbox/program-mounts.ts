import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError } from '../domain/errors.ts'
import type { Command } from '../domain/launch.ts'
import { isProgram, locateProgram } from '../platform/locate-program.ts'
import { isWithin, type Mount, seenAt } from './mounts.ts'

/** Maximum length of a chain of interpreters: a script's interpreter may itself be a script. */
const INTERPRETERS_MAX = 3

/**
 * Returns the additional mounts that a program on the worker's PATH needs if the program, its
 * package or its interpreter is installed in a hidden home folder. A program given by a path gets
 * no additional mounts: otherwise a job could make any hidden file visible by giving its path.
 * Throws AppError `program-unstartable` if the program is missing or hidden.
 */
export function programMounts(
  { argv: [name], cwd, env }: Pick<Command, 'argv' | 'cwd' | 'env'>,
  mounts: readonly Mount[],
): readonly Mount[] {
  if (!name.includes('/')) return mountsOnPath(name, env['PATH'] ?? '', mounts)
  const file = resolve(cwd, name)
  if (seenAt(file, mounts) === 'hide') throw unstartable(name, 'the sandbox hides it')
  if (!isProgram(file)) throw unstartable(name, 'not found, or not executable')
  return []
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
  // A program in a writable folder gets no mount. The folder is already mounted, and the program
  // could be a link that the agent placed there to make a hidden file visible.
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

/**
 * Returns the outermost node_modules folder that contains the program, because the packages in that
 * folder need each other. If there is none, returns the program itself.
 */
function packageOf(program: string): string {
  const [before, inside] = program.split('/node_modules/', 2)
  return inside === undefined ? program : `${before}/node_modules`
}

/**
 * Returns the interpreter that a script names after `#!/usr/bin/env`, such as `node`, or null. An
 * interpreter given by a path needs no mount, because it is usually not hidden.
 */
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

/** Whether another mount already makes this path visible, so that it needs no mount of its own. */
const isInsideAnother = (mount: Mount, all: readonly Mount[]): boolean =>
  all.some((other) => other !== mount && other.kind === 'read' && isWithin(mount.path, other.path))

const unstartable = (name: string, why: string): AppError =>
  new AppError('program-unstartable', `cannot start ${name}: ${why}`)
