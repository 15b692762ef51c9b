import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Environment } from '../config/read.ts'
import { AppError } from '../domain/errors.ts'

/**
 * The user's home folder: HOME, or what the system's user database says if HOME is not an absolute
 * path. A relative HOME is not used, because its meaning would depend on the current folder. Throws
 * `usage-invalid` if neither is absolute.
 */
export function homeFolder(env: Environment): string {
  const home = [env['HOME'] ?? '', userInfo().homedir].find((path) => isAbsolute(path))
  if (home !== undefined) return home
  throw new AppError(
    'usage-invalid',
    'The home folder is unknown: set HOME to an absolute path, or pass --data and --config',
  )
}

/**
 * A base folder of the XDG Base Directory Specification, which says that a relative path is invalid
 * and has to be ignored.
 * @param usual the default, as names below the home folder
 */
export function baseFolder(
  env: Environment,
  variable: 'XDG_DATA_HOME' | 'XDG_CONFIG_HOME',
  ...usual: readonly string[]
): string {
  const given = env[variable] ?? ''
  return isAbsolute(given) ? given : join(homeFolder(env), ...usual)
}
