import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** The objects of a Git LFS server, by their ids. */
export type LfsStore = Map<string, Buffer>

export const lfsId = (bytes: string): string => createHash('sha256').update(bytes).digest('hex')

/** The pointer file that git stores in place of an object. */
export const pointerTo = (bytes: string): string =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${lfsId(bytes)}\nsize ${Buffer.byteLength(bytes)}\n`

/** Answers as a Git LFS server: its batch API with basic transfers. */
export async function answerLfs(
  request: IncomingMessage,
  response: ServerResponse,
  store: LfsStore,
): Promise<void> {
  const body = await buffer(request)
  const id = /\/objects\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
  if (id === undefined) {
    const answer = JSON.stringify(batch(JSON.parse(body.toString('utf8')), request, store))
    response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' }).end(answer)
    return
  }
  if (request.method === 'PUT') store.set(id, body)
  const found = store.get(id)
  response.writeHead(found === undefined ? 404 : 200).end(found)
}

type Batch = { operation: 'download' | 'upload'; objects: { oid: string; size: number }[] }

function batch({ operation, objects }: Batch, request: IncomingMessage, store: LfsStore): object {
  const base = `http://${request.headers.host}${request.url?.replace(/\/batch$/, '')}`
  const answerFor = ({ oid, size }: Batch['objects'][number]) => {
    const isThere = store.has(oid)
    if (operation === 'download' && !isThere) {
      return { oid, size, error: { code: 404, message: 'no such object' } }
    }
    const actions =
      isThere && operation === 'upload' ? {} : { [operation]: { href: `${base}/${oid}` } }
    return { oid, size, authenticated: false, actions }
  }
  return { transfer: 'basic', objects: objects.map(answerFor) }
}
