import { randomBytes } from 'node:crypto'
import { readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, asyncProperty, nat } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { LOG_SEGMENT_BYTES_MAX } from '../domain/attempt.ts'
import { newJobId } from '../domain/id.ts'
import { openDiskLogs } from './disk-logs.ts'
import type { LogAddress, LogStore } from './port.ts'

const anAddress = (): LogAddress => ({
  jobId: newJobId(1_700_000_000_000, randomBytes),
  attempt: 1,
  stream: 'output',
})
const bytes = (words: string): Uint8Array => Buffer.from(words)
const all = async (logs: LogStore, address: LogAddress): Promise<string> =>
  Buffer.from(await logs.read(address, 0, LOG_SEGMENT_BYTES_MAX)).toString()
const segmentsOf = (folder: string, { jobId, attempt, stream }: LogAddress): string =>
  join(folder, jobId, String(attempt), stream)

describe('a log', () => {
  it('is empty before anything was appended', async () => {
    const logs = await openDiskLogs(await tempFolder())
    expect(await logs.size(anAddress())).toBe(0)
    expect(await all(logs, anAddress())).toBe('')
  })

  it('holds what was appended, one stream and attempt apart from the other', async () => {
    const logs = await openDiskLogs(await tempFolder())
    const address = anAddress()
    await logs.append(address, 0, bytes('one '))
    await logs.append({ ...address, stream: 'transcript' }, 0, bytes('another stream'))
    await logs.append({ ...address, attempt: 2 }, 0, bytes('another attempt'))
    await logs.append(address, 4, bytes('two'))

    expect(await all(logs, address)).toBe('one two')
    expect(await logs.size(address)).toBe(7)
    expect(await all(logs, { ...address, attempt: 2 })).toBe('another attempt')
  })

  it('continues after a restart where it stopped', async () => {
    const folder = await tempFolder()
    const address = anAddress()
    await (await openDiskLogs(folder)).append(address, 0, bytes('before '))

    const logs = await openDiskLogs(folder)
    expect(await logs.size(address)).toBe(7)
    await expect(logs.append(address, 8, bytes('x'))).rejects.toMatchObject({ code: 'log-gap' })
    await logs.append(address, 7, bytes('after'))
    expect(await all(logs, address)).toBe('before after')
  })

  it('is never changed in place: every append is a file of its own, private to its owner', async () => {
    const folder = await tempFolder()
    const logs = await openDiskLogs(folder)
    const address = anAddress()
    await logs.append(address, 0, bytes('abc'))
    await logs.append(address, 3, bytes('de'))
    const path = segmentsOf(folder, address)
    expect(await readdir(path)).toEqual(['0000000000000000', '0000000000000003'])
    expect((await stat(join(path, '0000000000000003'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, address.jobId))).mode & 0o777).toBe(0o700)
  })
})

describe('an append', () => {
  it('that leaves a gap is refused with the offset that is expected', async () => {
    const logs = await openDiskLogs(await tempFolder())
    const address = anAddress()
    await logs.append(address, 0, bytes('abc'))
    await expect(logs.append(address, 4, bytes('e'))).rejects.toMatchObject({
      code: 'log-gap',
      details: { expected: 3 },
    })
    expect(await all(logs, address)).toBe('abc')
  })

  it('that was made before changes nothing', async () => {
    const logs = await openDiskLogs(await tempFolder())
    const address = anAddress()
    for (const _ of [1, 2, 3]) await logs.append(address, 0, bytes('abc'))
    expect(await all(logs, address)).toBe('abc')
  })

  it('that overlaps the end adds only the new bytes', async () => {
    const logs = await openDiskLogs(await tempFolder())
    const address = anAddress()
    await logs.append(address, 0, bytes('ab'))
    await logs.append(address, 2, bytes('cd'))
    await logs.append(address, 1, bytes('bcdef'))
    expect(await all(logs, address)).toBe('abcdef')
  })

  it('that repeats an offset with different bytes is refused and changes nothing', async () => {
    const logs = await openDiskLogs(await tempFolder())
    const address = anAddress()
    await logs.append(address, 0, bytes('abc'))
    await expect(logs.append(address, 1, bytes('xcd'))).rejects.toMatchObject({
      code: 'log-conflict',
    })
    expect(await all(logs, address)).toBe('abc')
  })

  it('may have 1 MiB and no byte more', async () => {
    const logs = await openDiskLogs(await tempFolder())
    const address = anAddress()
    await expect(
      logs.append(address, 0, Buffer.alloc(LOG_SEGMENT_BYTES_MAX + 1)),
    ).rejects.toMatchObject({ code: 'body-too-large' })
    await logs.append(address, 0, Buffer.alloc(LOG_SEGMENT_BYTES_MAX))
    expect(await logs.size(address)).toBe(LOG_SEGMENT_BYTES_MAX)
  })

  it('may be sent again, cut otherwise, while the first is under way', async () => {
    const folder = await tempFolder()
    const logs = await openDiskLogs(folder)
    const address = anAddress()
    const cuts = ['abcdef', 'abc', 'ab', 'abcdefg', 'a']
    await Promise.all(cuts.map((cut) => logs.append(address, 0, bytes(cut))))
    expect(await all(logs, address)).toBe('abcdefg')
    expect(await all(await openDiskLogs(folder), address)).toBe('abcdefg')
  })
})

describe('reading', () => {
  it('crosses segments and gives the same bytes as one long string, whatever is asked', async () => {
    const logs = await openDiskLogs(await tempFolder())
    const address = anAddress()
    const whole = Buffer.from(Array.from({ length: 500 }, (_, index) => index % 251))
    for (let at = 0, size = 1; at < whole.length; at += size, size = (size * 7) % 61) {
      await logs.append(address, at, whole.subarray(at, at + size))
    }
    const offset = nat(520)
    await assert(
      asyncProperty(offset, offset, async (from, limit) => {
        const part = await logs.read(address, from, limit)
        expect(Buffer.from(part).equals(whole.subarray(from, from + limit))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('says so when a segment has lost bytes, instead of giving other ones', async () => {
    const folder = await tempFolder()
    const logs = await openDiskLogs(folder)
    const address = anAddress()
    await logs.append(address, 0, bytes('abcdef'))
    await logs.append(address, 6, bytes('ghi'))
    await truncate(join(segmentsOf(folder, address), '0000000000000000'), 4)
    await expect(logs.read(address, 0, 9)).rejects.toMatchObject({ code: 'artifact-corrupt' })
  })

  it('does not see an append that a crash cut short', async () => {
    const folder = await tempFolder()
    const address = anAddress()
    await (await openDiskLogs(folder)).append(address, 0, bytes('whole'))
    await writeFile(join(folder, 'temp', 'cut-short'), 'hal')

    const logs = await openDiskLogs(folder)
    await logs.append(address, 5, bytes(' again'))

    expect(await all(logs, address)).toBe('whole again')
    expect(await logs.sweepTemp(Infinity)).toBe(1)
    expect(await readdir(join(folder, 'temp'))).toEqual([])
  })
})
