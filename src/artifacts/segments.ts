import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { nullWhenMissing } from '../platform/errno.ts'

/** File name of the segment whose first byte is at this offset in the log. */
export const segmentName = (offset: number): string => String(offset).padStart(16, '0')

/** Offsets of the segments in a folder, in ascending order; empty if the folder does not exist. */
export async function listSegments(folder: string): Promise<readonly number[]> {
  const names = (await readdir(folder).catch(nullWhenMissing)) ?? []
  return names
    .filter((name) => /^\d{16}$/.test(name))
    .map(Number)
    .toSorted((one, other) => one - other)
}

/** Size in bytes of the stream in this folder. `segments` are the offsets from `listSegments`. */
export async function sizeOf(folder: string, segments: readonly number[]): Promise<number> {
  const last = segments.at(-1)
  if (last === undefined) return 0
  return last + (await stat(join(folder, segmentName(last)))).size
}

/**
 * Reads at most `limit` bytes, starting at `offset`. Never holds more than `limit` bytes in memory.
 * Throws `artifact-corrupt` if a segment ends before the offset of the next one.
 */
export async function readSegments(
  folder: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<Uint8Array> {
  const segments = await listSegments(folder)
  const end = Math.min(await sizeOf(folder, segments), offset + limit)
  const bytes = Buffer.alloc(Math.max(0, end - offset))
  const first = segments.findLastIndex((start) => start <= offset)
  for (let index = first, at = offset; at < end; index += 1) {
    const start = segments[index] ?? 0
    const until = Math.min(segments[index + 1] ?? end, end)
    const part = bytes.subarray(at - offset, until - offset)
    await readPart(join(folder, segmentName(start)), at - start, part)
    at = until
  }
  return bytes
}

async function readPart(path: string, position: number, part: Uint8Array): Promise<void> {
  const file = await open(path)
  try {
    for (let done = 0; done < part.length;) {
      const { bytesRead } = await file.read(part, done, part.length - done, position + done)
      if (bytesRead === 0) {
        throw new AppError('artifact-corrupt', `The log segment ${path} was truncated.`)
      }
      done += bytesRead
    }
  } finally {
    await file.close()
  }
}
