/** Whether the operating system, or Node, refused with one of these codes, such as `ENOENT`. */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}

/** For `.catch`: null for `ENOENT`; anything else is thrown on. */
export function nullWhenMissing(error: unknown): null {
  if (hasErrno(error, 'ENOENT')) return null
  throw error
}
