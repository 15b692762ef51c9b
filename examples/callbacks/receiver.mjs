// A receiver of callbacks without dependencies: node receiver.mjs, with the secret in CALLBACK_SECRET.
// Several secrets, separated by spaces, are all taken: so one can be replaced without a gap.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'

const TOLERANCE_SECONDS = 300
const BODY_BYTES_MAX = 1024 * 1024

const keys = (process.env.CALLBACK_SECRET ?? '')
  .split(/\s+/)
  .filter(Boolean)
  .map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))

/** Ids that were taken already. A real receiver keeps them as long as it keeps what came of them. */
const seen = new Set()

/** Whether one of our keys signed these very bytes, a short while ago. */
function isGenuine(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': given } = headers
  if (!id || !seconds || !given) return false
  if (!(Math.abs(Date.now() / 1000 - Number(seconds)) <= TOLERANCE_SECONDS)) return false
  const wanted = keys.map((key) =>
    createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest(),
  )
  return given.split(' ').some((part) => {
    const signature = Buffer.from(part.replace(/^v1,/, ''), 'base64')
    return wanted.some((one) => one.length === signature.length && timingSafeEqual(one, signature))
  })
}

async function receive(request, response) {
  const body = await buffer(request)
  if (body.length > BODY_BYTES_MAX || !isGenuine(request.headers, body)) {
    return response.writeHead(401).end()
  }
  const id = request.headers['webhook-id']
  if (!seen.has(id)) {
    seen.add(id)
    const { type, data } = JSON.parse(body.toString('utf8'))
    console.log(`${type} ${data.job.id} ${data.job.state} ${data.job.reason}`)
  }
  // Only now: what is answered with 2xx is never sent again by itself.
  response.writeHead(204).end()
}

const server = createServer((request, response) => {
  receive(request, response).catch(() => response.writeHead(500).end())
})
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`listens on port ${server.address().port}`)
})
