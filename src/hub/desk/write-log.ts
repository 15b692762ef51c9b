import type { Readable } from 'node:stream'
import { LOG_SEGMENT_BYTES, type LogAddress } from '../../artifacts/port.ts'
import { AppError } from '../../domain/errors.ts'
import type { HubState } from '../context.ts'
import { demandCurrent } from './current-attempt.ts'
import { demandRoom } from './disk-floor.ts'

/** Appends a segment of the current attempt's log. Throws `lease-lost`, `body-too-large`. */
export async function writeLog(
  hub: HubState,
  address: LogAddress,
  offset: number,
  body: Readable,
): Promise<void> {
  const { jobId, stream } = address
  await demandCurrent(hub.ledger, address)
  await demandRoom(hub.disk)
  const bytes = await readAtMost(body, LOG_SEGMENT_BYTES)
  const { limits } = await hub.ledger.job(jobId)
  // A worker keeps to the limit and marks the loss; one segment is left for the mark.
  if (offset + bytes.length > limits.outputBytes + LOG_SEGMENT_BYTES) {
    throw new AppError('body-too-large', `The log ${stream} is full: ${limits.outputBytes} bytes.`)
  }
  await demandCurrent(hub.ledger, address)
  await hub.logs.append(address, offset, bytes)
  hub.watches.changed(jobId)
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
