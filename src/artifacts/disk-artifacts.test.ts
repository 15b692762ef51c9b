import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { openDiskArtifacts } from './disk-artifacts.ts'

const MiB = 1024 * 1024
const anyBytes = { expectedDigest: null, maxBytes: 16 * MiB }
const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')
const stream = (bytes: Uint8Array): Readable =>
  Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)], { objectMode: false })
const streamOf = (words: string): Readable => stream(Buffer.from(words))

function* leaveAfter(bytes: Uint8Array) {
  yield bytes
  throw new Error('gone')
}

/** Every file below a folder, as paths relative to it. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

const blobPath = (folder: string, digest: string): string =>
  join(folder, 'blobs', 'sha256', digest.slice(0, 2), digest)

describe('an artifact', () => {
  it('is read back byte for byte under its SHA-256', async () => {
    const store = await openDiskArtifacts(await tempFolder())
    const bytes = randomBytes(3 * MiB + 7)

    const stored = await store.put(stream(bytes), anyBytes)

    expect(stored).toEqual({ digest: sha256(bytes), size: bytes.length })
    expect(await store.has(stored.digest)).toBe(true)
    expect((await buffer(await store.open(stored.digest))).equals(bytes)).toBe(true)
  })

  it('may be empty', async () => {
    const store = await openDiskArtifacts(await tempFolder())
    const { digest, size } = await store.put(streamOf(''), anyBytes)
    expect(size).toBe(0)
    expect(await text(await store.open(digest))).toBe('')
  })

  it('is still there when the store is opened again', async () => {
    const folder = await tempFolder()
    const { digest } = await (await openDiskArtifacts(folder)).put(streamOf('kept'), anyBytes)
    expect(await text(await (await openDiskArtifacts(folder)).open(digest))).toBe('kept')
  })

  it('is stored once when sent many times at once', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const puts = Array.from({ length: 20 }, () => store.put(streamOf('the same'), anyBytes))

    const digests = new Set((await Promise.all(puts)).map(({ digest }) => digest))

    expect([...digests]).toEqual([sha256('the same')])
    expect(await filesBelow(folder)).toEqual([sha256('the same')])
  })

  it('and its folder can be read by their owner alone', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const { digest } = await store.put(streamOf('private'), anyBytes)
    expect(await mode(blobPath(folder, digest))).toBe(0o600)
    expect(await mode(join(folder, 'blobs'))).toBe(0o700)
    expect(await mode(join(folder, 'temp'))).toBe(0o700)
  })
})

describe('a range of an artifact', () => {
  it.each([
    [{ start: 0, end: 0 }, '0'],
    [{ start: 3, end: 5 }, '345'],
    [{ start: 8, end: 999 }, '89'],
    [{ start: 0, end: 9 }, '0123456789'],
  ])('%o of ten digits is %s', async (range, expected) => {
    const store = await openDiskArtifacts(await tempFolder())
    const { digest } = await store.put(streamOf('0123456789'), anyBytes)
    expect(await text(await store.open(digest, range))).toBe(expected)
  })

  it.each([
    { start: 10, end: 12 },
    { start: 5, end: 4 },
  ])('%o of ten digits is refused with the size', async (range) => {
    const store = await openDiskArtifacts(await tempFolder())
    const { digest } = await store.put(streamOf('0123456789'), anyBytes)
    await expect(store.open(digest, range)).rejects.toMatchObject({
      code: 'range-invalid',
      details: { size: 10 },
    })
  })
})

describe('an upload that is refused', () => {
  it('with another digest than announced leaves nothing behind', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const put = store.put(streamOf('changed on the way'), {
      expectedDigest: sha256('as it was sent'),
      maxBytes: MiB,
    })
    await expect(put).rejects.toMatchObject({ code: 'digest-mismatch', retryable: true })
    expect(await filesBelow(folder)).toEqual([])
    expect(await store.has(sha256('changed on the way'))).toBe(false)
  })

  it('is one byte larger than allowed; up to the limit it is stored', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const put = (size: number) =>
      store.put(stream(Buffer.alloc(size)), { expectedDigest: null, maxBytes: 10 })
    expect(await put(9)).toMatchObject({ size: 9 })
    expect(await put(10)).toMatchObject({ size: 10 })
    await expect(put(11)).rejects.toMatchObject({ code: 'body-too-large' })
    expect(await filesBelow(folder)).toHaveLength(2)
  })

  it('leaves its source open, so that the sender can be answered', async () => {
    const store = await openDiskArtifacts(await tempFolder())
    const source = new Readable({ read: () => {} })
    const put = store.put(source, { expectedDigest: null, maxBytes: 3 })
    source.push('more than three')
    await expect(put).rejects.toMatchObject({ code: 'body-too-large' })
    expect(source.destroyed).toBe(false)
    source.destroy()
  })

  it('because its sender went away leaves nothing behind', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const source = Readable.from(leaveAfter(randomBytes(MiB)))
    await expect(store.put(source, anyBytes)).rejects.toThrow('gone')
    expect(await filesBelow(folder)).toEqual([])
  })

  it('because its sender went away before the first byte crashes nothing', async () => {
    const store = await openDiskArtifacts(await tempFolder())
    const source = new Readable({ read: () => {} })
    const put = store.put(source, anyBytes)
    source.destroy(new Error('gone'))
    await expect(put).rejects.toThrow('gone')
  })
})

describe('a corrupt artifact', () => {
  it.each([0, 70_000, 2 * MiB])('never reads as whole: byte %i has flipped', async (place) => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const bytes = randomBytes(2 * MiB + 1)
    const { digest } = await store.put(stream(bytes), anyBytes)
    const spoilt = await readFile(blobPath(folder, digest))
    spoilt[place] = (spoilt[place] ?? 0) ^ 1
    await writeFile(blobPath(folder, digest), spoilt)

    const read: Uint8Array[] = []
    const reading = async () => {
      for await (const chunk of await store.open(digest)) read.push(chunk)
    }

    await expect(reading()).rejects.toMatchObject({ code: 'artifact-corrupt', status: 500 })
    expect(Buffer.concat(read).length).toBeLessThan(bytes.length)
  })

  it('is noticed when its end is missing, also by a range that covers it whole', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const { digest } = await store.put(streamOf('all of it'), anyBytes)
    await truncate(blobPath(folder, digest), 4)
    await expect(text(await store.open(digest))).rejects.toMatchObject({ code: 'artifact-corrupt' })
    await expect(text(await store.open(digest, { start: 0, end: 8 }))).rejects.toMatchObject({
      code: 'artifact-corrupt',
    })
  })

  it('is repaired by sending it again', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const { digest } = await store.put(streamOf('good'), anyBytes)
    await writeFile(blobPath(folder, digest), 'evil')
    await store.put(streamOf('good'), anyBytes)
    expect(await text(await store.open(digest))).toBe('good')
  })
})

describe('a name that is no digest', () => {
  it.each([
    '',
    '..',
    '../../secret',
    `${'a'.repeat(62)}/x`,
    'A'.repeat(64),
    `${'a'.repeat(64)}\n`,
    '%2e%2e%2fsecret',
    '\0'.repeat(64),
    'a'.repeat(5000),
  ])('finds nothing: %j', async (name) => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'secret'), 'not for you')
    const store = await openDiskArtifacts(join(folder, 'store'))
    expect(await store.has(name)).toBe(false)
    await expect(store.open(name)).rejects.toMatchObject({ code: 'artifact-not-found' })
  })

  it('and neither does a digest that nobody stored', async () => {
    const store = await openDiskArtifacts(await tempFolder())
    await expect(store.open(sha256('never sent'))).rejects.toMatchObject({
      code: 'artifact-not-found',
    })
  })
})

describe('sweeping', () => {
  it('removes uploads left before the given time, and no artifact', async () => {
    const folder = await tempFolder()
    const store = await openDiskArtifacts(folder)
    const { digest } = await store.put(streamOf('kept'), anyBytes)
    const leave = async (name: string, second: number) => {
      await writeFile(join(folder, 'temp', name), 'half')
      await utimes(join(folder, 'temp', name), second, second)
    }
    await leave('old', 1000)
    await leave('young', 2000)

    expect(await store.sweepTemp(2000 * 1000)).toBe(1)

    expect(await readdir(join(folder, 'temp'))).toEqual(['young'])
    expect(await text(await store.open(digest))).toBe('kept')
  })
})
