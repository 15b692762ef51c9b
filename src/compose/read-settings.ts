import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { expandHome } from '../config/expand-home.ts'
import type { ConfigFile } from '../config/file.ts'
import { type Environment, readConfig, type Sources } from '../config/read.ts'
import { AnyConfig } from '../config/settings.ts'
import { spellings } from '../config/spelling.ts'
import { AppError } from '../domain/errors.ts'
import { hasErrno } from '../platform/errno.ts'
import { plainReason } from '../platform/plain-reason.ts'
import { baseFolder } from './home-folder.ts'

const FILE_BYTES_MAX = 1024 * 1024
const OTHERS = 0o077

type Call = { readonly env: Environment; readonly cwd: string }

/**
 * Reads the settings of one program from flags, environment and file. Throws `usage-invalid`,
 * `config-invalid` and `file-unreadable`.
 */
export async function readSettings<Schema extends z.ZodObject<Record<string, z.ZodType>>>(
  schema: Schema,
  flags: Readonly<Record<string, unknown>>,
  call: Call,
): Promise<z.output<Schema>> {
  return readConfig(schema, await sourcesOf(flags, call))
}

/** Reads the configuration file and returns it with the other sources of settings. */
export async function sourcesOf(
  flags: Readonly<Record<string, unknown>>,
  { env, cwd }: Call,
): Promise<Sources> {
  const named = typeof flags['config'] === 'string' ? flags['config'] : env['MILLWRIGHT_CONFIG']
  const path =
    named === undefined || named === ''
      ? configPath(env)
      : resolve(cwd, expandHome(named, env['HOME'], 'The path of the configuration file'))
  const file = await readConfigFile(path)
  if (file === null && named !== undefined && named !== '') {
    throw new AppError('file-unreadable', `Cannot read ${path}: the file does not exist`)
  }
  return { flags, env, file }
}

/** The default path of the configuration file (XDG Base Directory Specification). */
export function configPath(env: Environment): string {
  return join(baseFolder(env, 'XDG_CONFIG_HOME', '.config'), 'millwright', 'config.yaml')
}

/**
 * Reads the configuration file. Returns null if the file does not exist. Throws `config-invalid` if
 * the file contains a secret and other users can read the file.
 */
async function readConfigFile(path: string): Promise<ConfigFile | null> {
  const found = await readAtMost(path)
  if (found === null) return null
  // Imported only if there is a file, because the YAML parser is a tenth of the code that `up`
  // loads.
  const { parseConfigFile } = await import('../config/file.ts')
  const file = parseConfigFile(found.text, path)
  const secret = spellings(AnyConfig).find(
    ({ secret: isSecret, place }) => isSecret === true && file.entries.has(place),
  )
  if (secret !== undefined && process.platform !== 'win32' && (found.mode & OTHERS) !== 0) {
    throw new AppError(
      'config-invalid',
      `${path} contains ${secret.place}, but other users can read the file; run: chmod 600 ${path}`,
    )
  }
  return file
}

async function readAtMost(path: string): Promise<{ text: string; mode: number } | null> {
  try {
    await using file = await open(path)
    const { size, mode } = await file.stat()
    if (size <= FILE_BYTES_MAX) return { text: await file.readFile('utf8'), mode }
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null
    throw new AppError('file-unreadable', `Cannot read ${path}: ${plainReason(error)}`, {
      cause: error,
    })
  }
  throw new AppError(
    'config-invalid',
    `${path} is larger than ${FILE_BYTES_MAX} bytes, the maximum for a configuration file`,
  )
}
