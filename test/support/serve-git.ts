import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { answerLfs, type LfsStore } from './lfs-store.ts'
import { GIT_ENV } from './repository.ts'

/** How a server handles requests. */
export type Manner =
  | 'serve'
  /** Reads the request and never answers. */
  | 'hang'
  /** Sends the beginning of a long answer and stops. */
  | 'stall'
  /** Reads the data of a push and never answers. */
  | 'hang-push'
  /** Breaks the connection immediately. */
  | 'die'
  /** Breaks the connection when the data of a push arrives. */
  | 'die-in-push'
  /** Performs a push and breaks the connection instead of answering. */
  | 'lose-push-answer'
  /** Redirects every request, or only those for Git LFS, to another host. */
  | { readonly redirect: string; readonly only?: 'lfs' }

export type GitServer = {
  readonly url: string
  manner: Manner
  /** `METHOD path authorization` of each request, in order. */
  readonly requests: string[]
  /** What its Git LFS keeps. */
  readonly lfs: LfsStore
  /** Does nothing the second time. */
  close(): Promise<void>
}

/** In bytes; a ref advertisement is smaller. */
const LONG = 64 * 1024

/** Logins: `reader` may read, `writer` may also push, `stranger` is known but may do nothing. */
export const PASSWORD = 's3cret-canary'

/**
 * Serves the bare repositories of a folder over HTTP with git's own http-backend.
 * @param login whether a login is asked for
 */
export async function serveGit(
  root: string,
  { login = false }: { readonly login?: boolean } = {},
): Promise<GitServer> {
  const http = createServer((request, response) => void answer(request, response))
  const server: GitServer = {
    url: '',
    manner: 'serve',
    requests: [],
    lfs: new Map(),
    close: async () => {
      if (!http.listening) return
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const { authorization } = request.headers
    server.requests.push(`${request.method} ${request.url} ${authorization ?? ''}`.trim())
    if (server.manner === 'hang') return undefined
    if (server.manner === 'die') return request.socket.destroy()
    const isLfs = request.url?.includes('/info/lfs/') === true
    if (typeof server.manner === 'object' && (isLfs || server.manner.only === undefined)) {
      return response.writeHead(302, { location: `${server.manner.redirect}${request.url}` }).end()
    }
    const user = userOf(authorization)
    if (login && user === null) {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    }
    const pushes = request.url?.includes('receive-pack') === true || request.method === 'PUT'
    if (user === 'stranger' || (user === 'reader' && pushes)) return response.writeHead(403).end()
    if (isLfs) return await answerLfs(request, response, server.lfs)
    const lost = server.manner === 'lose-push-answer' && request.method === 'POST' && pushes
    if (server.manner === 'hang-push' && request.method === 'POST' && pushes) return undefined
    if (server.manner === 'die-in-push' && request.method === 'POST' && pushes) {
      return request.socket.destroy()
    }
    const stall = server.manner === 'stall'
    const how = { root, user: user ?? 'anybody', stall }
    return await runBackend(how, request, lost ? null : response)
  }
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return Object.assign(server, { url: `http://127.0.0.1:${address.port}` })
}

function userOf(authorization: string | undefined): string | null {
  const [, value = ''] = (authorization ?? '').split(' ')
  const [user, password] = Buffer.from(value, 'base64').toString('utf8').split(':')
  return user !== undefined && password === PASSWORD ? user : null
}

/** @param response null to run it and break the connection instead of answering */
async function runBackend(
  { root, user, stall }: { root: string; user: string; stall: boolean },
  request: IncomingMessage,
  response: ServerResponse | null,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const child = spawn('git', ['http-backend'], {
    env: {
      ...GIT_ENV,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: user,
      REMOTE_ADDR: '127.0.0.1',
    },
  })
  child.stdin.on('error', () => {})
  request.pipe(child.stdin)
  // A client that died during a push never ends its request.
  request.once('close', () => child.stdin.end())
  if (response === null) {
    child.stdout.resume()
    await once(child, 'close')
    request.socket.destroy()
    return
  }
  let head = Buffer.alloc(0)
  let begun = false
  let sent = 0
  for await (const chunk of child.stdout) {
    if (begun) {
      response.write(chunk)
      sent += chunk.length
      if (stall && sent > LONG) return
      continue
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) continue
    begun = true
    const { status, headers } = readHead(head.subarray(0, end).toString('latin1'))
    response.writeHead(status, headers)
    response.write(head.subarray(end + 4))
  }
  response.end()
}

function readHead(text: string): { status: number; headers: Record<string, string> } {
  const lines = text.split('\r\n').map((line) => line.split(/:\s*/, 2))
  const headers = Object.fromEntries(lines.map(([name = '', value = '']) => [name, value]))
  const { Status: status = '200', ...others } = headers
  return { status: Number.parseInt(status, 10), headers: others }
}
