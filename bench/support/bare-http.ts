// The least a server of the same two answers can do, on bare node:http: no access, no checks, no
// limits. `/sql` does it with the ledger, `/plain` without. Prints its address; ends with its stdin.
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Submission } from '../../src/domain/job.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { RenewBody } from '../../src/protocol/schemas.ts'
import { aClaim, aJob } from '../../test/support/jobs.ts'

const folder = await mkdtemp(join(tmpdir(), 'millwright-bare-'))
const ledger = await openSqliteLedger({ folder, clock: systemClock, random: randomBytes })
const submission = Submission.parse(aJob())
const submitter = { name: 'bench', tokenId: 'bench' }
const asked = { title: 'fix it', retryOf: null, submitter, demands: [] }
const { job } = await ledger.submit({ ...submission, ...asked, requestDigest: '0'.repeat(64) })
const { worker } = aClaim()
await ledger.claim({
  requestId: randomUUID(),
  worker: { ...worker, labels: [], offers: [] },
  leaseMs: 60_000,
  heldBy: 'bench',
  tokenHash: '0'.repeat(64),
  restrictedTo: null,
})

const server = createServer((request, response) => void serve(request, response))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`)
process.stdin.resume()
await once(process.stdin, 'end')
server.closeAllConnections()
server.close()
await ledger[Symbol.asyncDispose]()
await rm(folder, { recursive: true })

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const json = JSON.stringify(await answer(request))
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }
  response.writeHead(200, headers).end(json)
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const sql = request.url === '/sql'
  if (request.method === 'GET') return sql ? ledger.job(job.id) : job
  const { leaseMs } = RenewBody.parse(JSON.parse(await text(request)))
  if (!sql) return { leaseMs, cancelRequested: false }
  return ledger.renew({ jobId: job.id, attempt: 1 }, leaseMs)
}
