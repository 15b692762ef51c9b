import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { LogAddress } from '../../artifacts/port.ts'
import { STREAMS } from '../../domain/attempt.ts'
import { AppError } from '../../domain/errors.ts'
import { isTerminal } from '../../domain/state.ts'
import { SEGMENT_BYTES_MAX } from '../../protocol/schemas.ts'
import type { HubState } from '../context.ts'
import { demandCurrent } from '../current-attempt.ts'
import { demandRoom } from '../disk-floor.ts'
import type { Call, Endpoint } from '../handler.ts'

/** Appends a segment of the current attempt's log. */
export const writeLog: Endpoint<'writeLog'> =
  (hub) =>
  async ({ params, body }) => {
    const { job: jobId, attempt, stream, offset } = params
    await demandCurrent(hub.ledger, { jobId, attempt })
    await demandRoom(hub.disk)
    const bytes = await readAtMost(body, SEGMENT_BYTES_MAX)
    const { limits } = await hub.ledger.job(jobId)
    // A worker keeps to the limit and marks the loss; one segment is left for the mark.
    if (offset + bytes.length > limits.outputBytes + SEGMENT_BYTES_MAX) {
      throw new AppError(
        'body-too-large',
        `The log ${stream} is full: ${limits.outputBytes} bytes.`,
      )
    }
    await demandCurrent(hub.ledger, { jobId, attempt })
    await hub.logs.append({ jobId, attempt, stream }, offset, bytes)
    hub.watches.changed(jobId)
    return null
  }

async function readAtMost(body: Readable, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a request body is made of bytes')
    size += chunk.length
    if (size > most) throw new AppError('body-too-large', `A segment holds at most ${most} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Bytes of a log from an offset; waits for more when there is none yet and the attempt goes on. */
export const readLog: Endpoint<'readLog'> = (hub) => async (call) => {
  using watch = hub.watches.open(call.params.job)
  const end = hub.clock.monotonic() + call.query.waitMs
  const gone = call.gone()
  for (;;) {
    const piece = await readPiece(hub, call)
    const left = end - hub.clock.monotonic()
    if (piece.bytes.length > 0 || piece.ended || left <= 0 || gone.aborted) {
      return sendPiece(call, piece)
    }
    await watch.wait(left, gone)
  }
}

type Piece = {
  readonly attempt: number
  readonly bytes: Uint8Array
  /** Nothing follows these bytes, now or later. */
  readonly ended: boolean
}

async function readPiece(hub: HubState, { params, query }: Call<'readLog'>): Promise<Piece> {
  // Asked before the bytes are read: what an ended attempt has written is all there.
  const job = await hub.ledger.job(params.job)
  const attempt = query.attempt ?? job.attempt
  if (attempt > job.attempt) {
    throw new AppError(
      'request-invalid',
      `query.attempt: the job has had ${job.attempt === 1 ? 'one attempt' : `${job.attempt} attempts`}.`,
    )
  }
  if (attempt === 0) return { attempt, bytes: new Uint8Array(), ended: isTerminal(job.state) }
  const over = attempt < job.attempt || job.state !== 'running'
  const address = { jobId: job.id, attempt, stream: params.stream }
  const size = await hub.logs.size(address)
  if (over && size === 0) return readKeptLog(hub, address, query)
  const bytes = await hub.logs.read(address, query.offset, query.limit)
  return { attempt, bytes, ended: over && query.offset + bytes.length >= size }
}

/** A log that was collected is still there as an artifact of its attempt, when the attempt ended well. */
async function readKeptLog(
  { ledger, artifacts }: Pick<HubState, 'ledger' | 'artifacts'>,
  { jobId, attempt, stream }: LogAddress,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<Piece> {
  const name = STREAMS.find((kept) => kept.stream === stream)?.name
  const rows = await ledger.artifacts(jobId)
  const row = rows.find((kept) => kept.attempt === attempt && kept.name === name)
  if (row === undefined || offset >= row.size) {
    return { attempt, bytes: new Uint8Array(), ended: true }
  }
  const end = Math.min(offset + limit, row.size) - 1
  const bytes = await buffer(await artifacts.open(row.digest, { start: offset, end }))
  return { attempt, bytes, ended: end === row.size - 1 }
}

function sendPiece({ query, reply }: Call<'readLog'>, piece: Piece): Uint8Array {
  void reply.type('application/octet-stream').headers({
    'millwright-attempt': piece.attempt,
    'millwright-next-offset': query.offset + piece.bytes.length,
    ...(piece.ended ? { 'millwright-log-end': 'true' } : {}),
  })
  return piece.bytes
}
