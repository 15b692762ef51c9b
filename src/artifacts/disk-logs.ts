import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LOG_SEGMENT_BYTES_MAX } from '../domain/attempt.ts'
import { AppError } from '../domain/errors.ts'
import { JobId } from '../domain/id.ts'
import { noProbe } from '../domain/probe.ts'
import { diskSpaceOf } from '../platform/disk-space-of.ts'
import { syncFolder } from '../platform/durable-file.ts'
import {
  deleteUnneeded,
  type Deletion,
  type Deleted,
  type DeletionSource,
} from './delete-unneeded.ts'
import { withDiskFullError } from './disk-errors.ts'
import { keyedMutex } from '../platform/keyed-mutex.ts'
import type { LogAddress, LogStore } from './port.ts'
import { listSegments, readSegments, segmentName, sizeOf } from './segments.ts'
import { openStaging, type Staging } from './staging.ts'
import { noTails, rememberTails, type Tails } from './tails.ts'

export type DiskLogs = LogStore & {
  /**
   * Removes the temporary files of crashed appends that were last written before this time (epoch
   * ms). Returns the number of removed files.
   */
  sweepTemp(before: number): Promise<number>
  /**
   * Deletes the logs that are not needed, always all logs of a job together. The names in
   * `deletion` are job ids.
   */
  deleteUnneeded(deletion: Deletion): Promise<Deleted>
}

type Context = { readonly folder: string; readonly staging: Staging; readonly tails: Tails }

/**
 * Stores logs in a folder, as files `<job>/<attempt>/<stream>/<offset>`. Each append writes one
 * such file, called a segment. It writes the file in a temporary folder and then renames it, so
 * that a crash cannot leave a half-written segment. A segment never changes after that. Only one
 * process at a time may append to a stream.
 * @param shared whether other processes append to this folder too: to other streams, or to the same
 *   stream at another time
 */
export async function openDiskLogs(
  folder: string,
  shared = false,
  probe = noProbe,
): Promise<DiskLogs> {
  const context: Context = {
    folder,
    staging: await openStaging(join(folder, 'temp'), { of: 'log', probe }),
    tails: shared ? noTails() : rememberTails(),
  }
  await syncFolder(dirname(folder))
  const exclusive = keyedMutex()
  return {
    append: (address, offset, bytes) =>
      exclusive(segmentFolder(context, address), () => append(context, address, { offset, bytes })),
    read: (address, offset, limit) => read(context, address, { offset, limit }),
    size: (address) => size(context, address),
    sweepTemp: (before) => context.staging.sweep(before),
    deleteUnneeded: (deletion) => deleteLogs(context, deletion),
  }
}

function deleteLogs({ folder, tails }: Context, deletion: Deletion): Promise<Deleted> {
  const source: DeletionSource = {
    folder,
    isName: (name) => JobId.safeParse(name).success,
    spaceOf: diskSpaceOf,
    remove: async (job) => {
      const path = join(folder, job)
      const bytes = await diskSpaceOf(path)
      await rm(path, { recursive: true, force: true })
      tails.forget(path)
      return bytes
    },
  }
  return deleteUnneeded(source, deletion)
}

/**
 * The folder with the segments of a stream. It is always inside the store's folder, because a job
 * id, an attempt number and a stream name contain no slashes or dots.
 */
const segmentFolder = ({ folder }: Context, { jobId, attempt, stream }: LogAddress): string =>
  join(folder, jobId, String(attempt), stream)

async function append(
  context: Context,
  address: LogAddress,
  { offset, bytes }: { offset: number; bytes: Uint8Array },
): Promise<void> {
  if (bytes.length > LOG_SEGMENT_BYTES_MAX) {
    throw new AppError(
      'body-too-large',
      `A log segment is limited to ${LOG_SEGMENT_BYTES_MAX} bytes.`,
    )
  }
  const expected = await prepareTail(context, address)
  if (offset > expected) {
    throw new AppError(
      'log-gap',
      `The next bytes of the ${address.stream} log must be at offset ${expected}.`,
      {
        details: { expected },
      },
    )
  }
  const known = bytes.subarray(0, expected - offset)
  const fresh = bytes.subarray(known.length)
  await refuseConflict(context, address, { offset, known })
  if (fresh.length === 0) return

  const path = segmentFolder(context, address)
  await context.staging.place(
    (file) => file.writeFile(fresh),
    async () => join(path, segmentName(expected)),
  )
  context.tails.set(path, expected + fresh.length)
}

/**
 * If the stream's folder is missing, creates it so that it survives a power failure. Returns the
 * stream's size in bytes.
 */
async function prepareTail(context: Context, address: LogAddress): Promise<number> {
  const path = segmentFolder(context, address)
  const remembered = context.tails.get(path)
  if (remembered !== undefined) return remembered
  await withDiskFullError(path, () => mkdir(path, { recursive: true, mode: 0o700 }))
  for (const up of ['..', '../..', '../../..']) await syncFolder(join(path, up))
  const tail = await sizeOf(path, await listSegments(path))
  context.tails.set(path, tail)
  return tail
}

/** Throws `log-conflict` if bytes that are sent again differ from the stored ones. */
async function refuseConflict(
  context: Context,
  address: LogAddress,
  { offset, known }: { offset: number; known: Uint8Array },
): Promise<void> {
  if (known.length === 0) return
  const stored = await read(context, address, { offset, limit: known.length })
  if (Buffer.compare(stored, known) === 0) return
  throw new AppError(
    'log-conflict',
    `The ${address.stream} log already has different bytes at offset ${offset}.`,
  )
}

async function read(
  context: Context,
  address: LogAddress,
  { offset, limit }: { offset: number; limit: number },
): Promise<Uint8Array> {
  const path = segmentFolder(context, address)
  // Readers poll at the end of a log. The remembered size answers these polls without disk access.
  if (offset >= (context.tails.get(path) ?? Infinity)) return Buffer.alloc(0)
  return readSegments(path, { offset, limit })
}

async function size(context: Context, address: LogAddress): Promise<number> {
  const path = segmentFolder(context, address)
  return context.tails.get(path) ?? sizeOf(path, await listSegments(path))
}
