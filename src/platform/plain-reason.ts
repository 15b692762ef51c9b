const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'it already exists',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EMFILE: 'this process has too many open files',
  ECONNREFUSED: 'no program listens at this address',
  ECONNRESET: 'the connection was closed',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved because of a temporary DNS failure',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was closed',
}

/**
 * Says in plain words why a file or network operation failed. Returns the error's own message if
 * its code is unknown.
 */
export function plainReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? error.cause : error
  const known = 'code' in cause && typeof cause.code === 'string' ? REASONS[cause.code] : undefined
  // `fetch` refuses the ports that browsers block, such as 1 and 6000.
  if (cause.message === 'bad port') return 'HTTP clients do not connect to this port'
  return known ?? cause.message
}
