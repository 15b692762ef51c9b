/**
 * Whether this is an error of the operating system or of Node with one of these codes, such as
 * `ENOENT`.
 */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}

/** For use in `.catch`: returns null for `ENOENT` and rethrows any other error. */
export function nullWhenMissing(error: unknown): null {
  if (hasErrno(error, 'ENOENT')) return null
  throw error
}
