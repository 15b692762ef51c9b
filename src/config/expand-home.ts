import { AppError } from '../domain/errors.ts'

/**
 * Replaces `~` at the beginning of a path with the home folder, as a shell does. Throws
 * `usage-invalid` if the path contains a variable or `~name`, which only a shell can replace.
 * Without this error, the program would create a folder named, for example, `$HOME`.
 * @param home the environment variable HOME
 * @param source where the path was given, for the message
 */
export function expandHome(path: string, home: string | undefined, source: string): string {
  const refused = (why: string): AppError =>
    new AppError('usage-invalid', `${source}: ${JSON.stringify(path)} ${why}`)
  if (/\$\{?[A-Za-z_]/.test(path)) {
    throw refused(
      'contains a variable, which Millwright does not replace; write the full path, or use ~/',
    )
  }
  if (!path.startsWith('~')) return path
  if (path !== '~' && !path.startsWith('~/')) {
    throw refused('begins with ~ and a user name, which is not supported; write the full path')
  }
  if (home?.startsWith('/') !== true) {
    throw refused('cannot be used, because HOME is not an absolute path; write the full path')
  }
  return `${home}${path.slice(1)}`
}
