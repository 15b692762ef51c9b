import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Client } from 'pg'

const run = promisify(execFile)

/** Where Debian's package puts it; other versions are found on the PATH. */
const DEBIAN = '/usr/lib/postgresql/15/bin'
const NOBODY = 65_534

export const postgresProgram = (name: 'postgres' | 'initdb'): string =>
  existsSync(join(DEBIAN, name)) ? join(DEBIAN, name) : name

/** A real PostgreSQL server for the tests. */
export type PostgresServer = {
  /** Address of its database. */
  readonly url: string
  /** The same for programs that copy bytes. */
  readonly socketPath: string
  /** The address of a new, empty schema; much faster to create than a database. */
  makeSchema(): Promise<string>
  /** As an administrator, outside of any ledger. */
  query(text: string): Promise<readonly unknown[]>
  /** Stops it like a crash, which loses its memory, and restarts it. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server that ends with this process, as a user other than root. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-postgres-'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(folder, NOBODY, NOBODY)
  await chmod(folder, 0o700)
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const data = join(folder, 'data')
  const make = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8']
  await run(postgresProgram('initdb'), [...make, '--locale=C.UTF-8'], { ...as, cwd: folder })
  let server = await serve(folder, isRoot)

  // A socket in a folder needs no port that another process could take in the meantime.
  const url = `postgres://postgres@${encodeURIComponent(folder)}/postgres`
  const query = async (text: string): Promise<readonly unknown[]> => {
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }
  return {
    url,
    socketPath: join(folder, '.s.PGSQL.5432'),
    query,
    makeSchema: async () => {
      const name = `test_${randomUUID().replaceAll('-', '')}`
      await query(`CREATE SCHEMA ${name}`)
      return `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`
    },
    restart: async () => {
      await end(server, 'SIGQUIT')
      server = await serve(folder, isRoot)
    },
    stop: async () => {
      await end(server, 'SIGQUIT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function serve(folder: string, isRoot: boolean): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: '200',
    // As many locks as with PostgreSQL's defaults: 64 for each of 100 connections.
    max_locks_per_transaction: '32',
    shared_buffers: '32MB',
    lc_messages: 'C',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const become = isRoot ? ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'] : []
  const program = [postgresProgram('postgres'), '-D', join(folder, 'data'), ...flags]
  const server = spawn('setpriv', ['--pdeathsig', 'QUIT', ...become, '--', ...program], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: string[] = []
  for await (const line of createInterface(server.stderr)) {
    said.push(line)
    if (line.includes('database system is ready to accept connections')) {
      server.stderr.resume()
      return server
    }
  }
  throw new Error(`PostgreSQL did not start:\n${said.join('\n')}`)
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  server.kill(signal)
  await exited
}
