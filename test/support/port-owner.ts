import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/** A listening socket in the state column of /proc/net/tcp. */
const LISTENS = '0A'

/**
 * The process that listens on a TCP port; null on systems other than Linux, or when the process
 * belongs to another user.
 */
export async function portOwner(port: number): Promise<number | null> {
  const inodes = await listeningSockets(port)
  if (inodes.size === 0) return null
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`))
  const pids = (await list('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    const folder = join('/proc', pid, 'fd')
    const files = await list(folder)
    const targets = await Promise.all(
      files.map((file) => readlink(join(folder, file)).catch(() => '')),
    )
    if (targets.some((target) => links.has(target))) return Number(pid)
  }
  return null
}

async function listeningSockets(port: number): Promise<ReadonlySet<string>> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  const sockets = tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = '', , state]) => local.endsWith(wanted) && state === LISTENS)
  return new Set(sockets.map((columns) => columns[9] ?? ''))
}

/** Processes end during the scan, and those of other users are not readable. */
const list = async (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => [])
