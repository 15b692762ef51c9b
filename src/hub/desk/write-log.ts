import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { LogAddress } from '../../artifacts/port.ts'
import { LOG_SEGMENT_BYTES_MAX } from '../../domain/attempt.ts'
import { AppError } from '../../domain/errors.ts'
import type { HubState } from '../context.ts'
import { refuseEnded } from './refuse-ended.ts'
import { demandRoom } from './room.ts'

/** Appends a segment to a log of the current attempt. Throws `lease-lost`, `body-too-large`. */
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
  // A worker stops at the limit and appends a note about the loss; one segment is left for the note.
  if (offset + bytes.length > limits.outputBytes + LOG_SEGMENT_BYTES_MAX) {
    throw new AppError(
      'body-too-large',
      `The log ${stream} has reached its limit of ${limits.outputBytes} bytes.`,
    )
  }
  await refuseEnded(hub.ledger, address)
  await hub.logs.append(address, offset, bytes)
  hub.watches.changed(jobId)
}
