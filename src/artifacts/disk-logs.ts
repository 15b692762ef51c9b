import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LOG_SEGMENT_BYTES_MAX } from '../domain/attempt.ts'
import { AppError } from '../domain/errors.ts'
import { JobId } from '../domain/id.ts'
import { noProbe } from '../domain/probe.ts'
import { diskSpaceOf } from '../platform/disk-space-of.ts'
import { syncFolder } from '../platform/durable-file.ts'
import { deleteUnneeded, type Deletion, type Deleted, type Shelf } from './delete-unneeded.ts'
import { namingFullDisk } from './disk-errors.ts'
import { keyedMutex } from '../platform/keyed-mutex.ts'
import type { LogAddress, LogStore } from './port.ts'
import { listSegments, readSegments, segmentName, sizeOf } from './segments.ts'
import { openStaging, type Staging } from './staging.ts'
import { noTails, rememberTails, type Tails } from './tails.ts'

export type DiskLogs = LogStore & {
  /** Removes what crashed appends left, last written before this moment (epoch ms); returns how many. */
  sweepTemp(before: number): Promise<number>
  /** Removes all logs of jobs by their ids. */
  deleteUnneeded(deletion: Deletion): Promise<Deleted>
}

type Context = { readonly folder: string; readonly staging: Staging; readonly tails: Tails }

/**
 * Logs as files `<job>/<attempt>/<stream>/<offset>` of a folder, one an append and never
 * changed, so that a crash can tear none and an object store can do the same. One process at a
 * time may append to a stream.
 * @param shared other processes append to other streams, or to this one at other times
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
  const shelf: Shelf = {
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
  return deleteUnneeded(shelf, deletion)
}

/** Every part is of a type that holds no slash and no dot. */
const segmentFolder = ({ folder }: Context, { jobId, attempt, stream }: LogAddress): string =>
  join(folder, jobId, String(attempt), stream)

async function append(
  context: Context,
  address: LogAddress,
  { offset, bytes }: { offset: number; bytes: Uint8Array },
): Promise<void> {
  if (bytes.length > LOG_SEGMENT_BYTES_MAX) {
    throw new AppError('body-too-large', `a log segment has at most ${LOG_SEGMENT_BYTES_MAX} bytes`)
  }
  const expected = await prepareTail(context, address)
  if (offset > expected) {
    throw new AppError('log-gap', `the ${address.stream} log goes on at offset ${expected}`, {
      details: { expected },
    })
  }
  const known = bytes.subarray(0, expected - offset)
  const fresh = bytes.subarray(known.length)
  await refuseOtherBytes(context, address, { offset, known })
  if (fresh.length === 0) return

  const path = segmentFolder(context, address)
  await context.staging.place(
    (file) => file.writeFile(fresh),
    async () => join(path, segmentName(expected)),
  )
  context.tails.set(path, expected + fresh.length)
}

/** The stream's size, once its folder exists and would survive a power cut. */
async function prepareTail(context: Context, address: LogAddress): Promise<number> {
  const path = segmentFolder(context, address)
  const remembered = context.tails.get(path)
  if (remembered !== undefined) return remembered
  await namingFullDisk(path, () => mkdir(path, { recursive: true, mode: 0o700 }))
  for (const up of ['..', '../..', '../../..']) await syncFolder(join(path, up))
  const tail = await sizeOf(path, await listSegments(path))
  context.tails.set(path, tail)
  return tail
}

async function refuseOtherBytes(
  context: Context,
  address: LogAddress,
  { offset, known }: { offset: number; known: Uint8Array },
): Promise<void> {
  if (known.length === 0) return
  const stored = await read(context, address, { offset, limit: known.length })
  if (Buffer.compare(stored, known) === 0) return
  throw new AppError(
    'log-conflict',
    `the ${address.stream} log already has other bytes at ${offset}`,
  )
}

async function read(
  context: Context,
  address: LogAddress,
  { offset, limit }: { offset: number; limit: number },
): Promise<Uint8Array> {
  const path = segmentFolder(context, address)
  // A reader that waits at the end asks again and again; that needs no look at the disk.
  if (offset >= (context.tails.get(path) ?? Infinity)) return Buffer.alloc(0)
  return readSegments(path, { offset, limit })
}

async function size(context: Context, address: LogAddress): Promise<number> {
  const path = segmentFolder(context, address)
  return context.tails.get(path) ?? sizeOf(path, await listSegments(path))
}
