import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { LogAddress } from '../../artifacts/port.ts'
import { LOG_SEGMENT_BYTES_MAX } from '../../domain/attempt.ts'
import { AppError } from '../../domain/errors.ts'
import type { HubState } from '../context.ts'
import { refuseEnded } from './refuse-ended.ts'
import { demandRoom } from './room.ts'

/**
 * Appends a segment to a log of a running attempt. Throws `lease-lost`, `disk-full` or
 * `body-too-large`.
 */
export async function writeLog(
  hub: HubState,
  address: LogAddress,
  offset: number,
  body: Readable,
): Promise<void> {
  const { jobId, stream } = address
  await refuseEnded(hub.ledger, address)
  await demandRoom(hub)
  const bytes = await buffer(body)
  const { limits } = await hub.ledger.job(jobId)
  // If the output exceeds the limit, the worker shortens it to the limit and inserts a marker for
  // the omitted bytes. One extra segment leaves room for the marker.
  if (offset + bytes.length > limits.outputBytes + LOG_SEGMENT_BYTES_MAX) {
    throw new AppError(
      'body-too-large',
      `The ${stream} log has reached the job’s limit of ${limits.outputBytes} bytes (limits.outputBytes).`,
    )
  }
  await refuseEnded(hub.ledger, address)
  await hub.logs.append(address, offset, bytes)
  hub.watches.changed(jobId)
}
