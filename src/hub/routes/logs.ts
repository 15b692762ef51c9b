import type { Readable } from 'node:stream'
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
    throw new AppError('request-invalid', `query.attempt: the job has had ${job.attempt} attempts.`)
  }
  if (attempt === 0) return { attempt, bytes: new Uint8Array(), ended: isTerminal(job.state) }
  const over = attempt < job.attempt || job.state !== 'running'
  const address = { jobId: job.id, attempt, stream: params.stream }
  const bytes = await hub.logs.read(address, query.offset, query.limit)
  const last = over && query.offset + bytes.length >= (await hub.logs.size(address))
  return { attempt, bytes, ended: last }
}

function sendPiece({ query, reply }: Call<'readLog'>, piece: Piece): Uint8Array {
  void reply.type('application/octet-stream').headers({
    'millwright-attempt': piece.attempt,
    'millwright-next-offset': query.offset + piece.bytes.length,
    ...(piece.ended ? { 'millwright-log-end': 'true' } : {}),
  })
  return piece.bytes
}
