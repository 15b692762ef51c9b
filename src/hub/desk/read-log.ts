import { buffer } from 'node:stream/consumers'
import type { LogAddress } from '../../artifacts/port.ts'
import { type LogStream, STREAMS } from '../../domain/attempt.ts'
import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import { isTerminal } from '../../domain/state.ts'
import type { HubState } from '../context.ts'

/**
 * Selects bytes of a log. If `attempt` is missing, they are read from the log of the newest
 * attempt.
 */
export type LogRequest = {
  readonly jobId: JobId
  readonly stream: LogStream
  readonly attempt?: number | undefined
  readonly offset: number
  readonly limit: number
  readonly waitMs: number
}

export type LogPiece = {
  readonly attempt: number
  readonly bytes: Uint8Array
  /** Whether the log is complete and `bytes` reaches its end. */
  readonly ended: boolean
}

/**
 * Reads bytes of a log, starting at an offset. If the log has no bytes at the offset yet and the
 * attempt is still running, waits up to `waitMs` for bytes to arrive.
 */
export async function readLog(
  hub: HubState,
  request: LogRequest,
  gone: AbortSignal,
): Promise<LogPiece> {
  using watch = hub.watches.open(request.jobId)
  const end = hub.clock.monotonic() + request.waitMs
  for (;;) {
    const piece = await readPiece(hub, request)
    const left = end - hub.clock.monotonic()
    if (piece.bytes.length > 0 || piece.ended || left <= 0 || gone.aborted) return piece
    await watch.wait(left, gone)
  }
}

async function readPiece(hub: HubState, request: LogRequest): Promise<LogPiece> {
  const { stream, offset, limit } = request
  // Reads the state before the bytes: if the attempt has ended, all its bytes are already written.
  const job = await hub.ledger.job(request.jobId)
  const attempt = request.attempt ?? job.attempt
  if (attempt > job.attempt) {
    const had = job.attempt === 1 ? '1 attempt' : `${job.attempt} attempts`
    throw new AppError(
      'request-invalid',
      `Job ${job.id} has no attempt ${attempt}; it has had only ${had}.`,
    )
  }
  if (attempt === 0) return { attempt, bytes: new Uint8Array(), ended: isTerminal(job.state) }
  const over = attempt < job.attempt || job.state !== 'running'
  const address = { jobId: job.id, attempt, stream }
  const size = await hub.logs.size(address)
  if (over && size === 0) return readKeptLog(hub, address, request)
  const bytes = await hub.logs.read(address, offset, limit)
  return { attempt, bytes, ended: over && offset + bytes.length >= size }
}

/**
 * Reads a log whose files garbage collection has deleted. The bytes come from the artifact in which
 * the attempt stored a copy of the log. Returns no bytes if there is no such artifact.
 */
async function readKeptLog(
  { ledger, artifacts }: Pick<HubState, 'ledger' | 'artifacts'>,
  { jobId, attempt, stream }: LogAddress,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<LogPiece> {
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
