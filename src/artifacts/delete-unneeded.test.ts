import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, rename, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { newJobId } from '../domain/id.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { diskSpaceOf } from '../platform/disk-space-of.ts'
import { isBackedUp, markBackup } from './backup-mark.ts'
import type { Deletion } from './delete-unneeded.ts'
import { type DiskArtifacts, openDiskArtifacts } from './disk-artifacts.ts'
import { openDiskLogs } from './disk-logs.ts'

/** Sleeps until aborted: a backup that does not renew its mark. */
const STOPPED: Clock = {
  ...systemClock,
  sleep: async (_, signal) => {
    if (signal !== undefined) await once(signal, 'abort')
  },
}
const DAY_MS = 86_400_000
const anyBytes = { expectedDigest: null, maxBytes: 1024 }
const digestOf = (words: string): string => createHash('sha256').update(words).digest('hex')

/** Deletes everything old, because nothing is needed. */
const deletion = (change: Partial<Deletion> = {}): Deletion => ({
  before: Date.now() - DAY_MS,
  needed: async () => new Set(),
  dryRun: false,
  mayContinue: async () => true,
  ...change,
})

const blobPath = (folder: string, digest: string): string =>
  join(folder, 'blobs', 'sha256', digest.slice(0, 2), digest)

/** A store of artifacts that were stored two days ago, one for each text. */
async function storeOf(...texts: readonly string[]) {
  const folder = await tempFolder()
  const store = await openDiskArtifacts(folder)
  const put = async (words: string): Promise<string> =>
    (await store.put(Readable.from([Buffer.from(words)]), anyBytes)).digest
  for (const words of texts) await age(blobPath(folder, await put(words)))
  return { folder, store, put }
}

async function age(path: string): Promise<void> {
  const then = (Date.now() - 2 * DAY_MS) / 1000
  await utimes(path, then, then)
}

const left = async (store: DiskArtifacts, texts: readonly string[]): Promise<readonly string[]> => {
  const there = await Promise.all(texts.map((words) => store.has(digestOf(words))))
  return texts.filter((_, index) => there[index])
}

const isKept = async () => new Set([digestOf('kept')])

describe('deleting unneeded artifacts', () => {
  it('removes those that are old and not needed, and reports the disk space freed', async () => {
    const { folder, store, put } = await storeOf('old', 'needed')
    await put('young')
    const bytes = await diskSpaceOf(blobPath(folder, digestOf('old')))
    const needed = async () => new Set([digestOf('needed')])

    const dry = await store.deleteUnneeded(deletion({ needed, dryRun: true }))
    expect(dry).toEqual({ count: 1, bytes, examples: [digestOf('old')] })
    expect(await left(store, ['old', 'needed', 'young'])).toHaveLength(3)

    expect(await store.deleteUnneeded(deletion({ needed }))).toEqual(dry)
    expect(await left(store, ['old', 'needed', 'young'])).toEqual(['needed', 'young'])
    expect(bytes).toBeGreaterThan(0)
  })

  it('keeps a file that somebody stores again while it is being judged', async () => {
    const { store, put } = await storeOf('again')
    const needed = async () => {
      await put('again')
      return new Set<string>()
    }
    expect(await store.deleteUnneeded(deletion({ needed }))).toMatchObject({ count: 0, bytes: 0 })
    expect(await text(await store.open(digestOf('again')))).toBe('again')
  })

  it('gives a file back that a job began to refer to meanwhile', async () => {
    const { store } = await storeOf('wanted')
    const read: string[] = []
    const needed = async (digests: readonly string[]) => {
      read.push(await text(await store.open(digestOf('wanted'))))
      return new Set(read.length === 1 ? [] : digests)
    }
    expect(await store.deleteUnneeded(deletion({ needed }))).toMatchObject({ count: 0 })
    // At the second read the file was aside, and still readable.
    expect(read).toEqual(['wanted', 'wanted'])
    expect(await text(await store.open(digestOf('wanted')))).toBe('wanted')
  })

  it('finishes what a killed collection began', async () => {
    const { folder, store } = await storeOf('gone', 'kept')
    const aside = join(folder, 'blobs', 'aside')
    for (const words of ['gone', 'kept']) {
      const digest = digestOf(words)
      await rename(blobPath(folder, digest), join(aside, digest))
    }
    expect(await left(store, ['gone', 'kept'])).toEqual(['gone', 'kept'])

    expect(await store.deleteUnneeded(deletion({ needed: isKept }))).toMatchObject({ count: 1 })
    expect(await left(store, ['gone', 'kept'])).toEqual(['kept'])
    expect(await readdir(aside)).toEqual([])
  })

  it('stops before the next batch when it may not continue', async () => {
    const { store } = await storeOf('one')
    expect(await store.deleteUnneeded(deletion({ mayContinue: async () => false }))).toMatchObject({
      count: 0,
    })
    expect(await left(store, ['one'])).toEqual(['one'])
  })
})

describe('deleting unneeded logs', () => {
  it('removes all streams of a job, and a reader then finds none', async () => {
    const folder = await tempFolder()
    const logs = await openDiskLogs(folder)
    const [gone, kept] = [newJobId(1, randomBytes), newJobId(2, randomBytes)]
    for (const jobId of [gone, kept]) {
      await logs.append({ jobId, attempt: 1, stream: 'output' }, 0, Buffer.from('words'))
      await age(join(folder, jobId))
    }
    const needed = async () => new Set([String(kept)])

    const found = await logs.deleteUnneeded(deletion({ needed }))

    expect(found).toMatchObject({ count: 1, examples: [gone] })
    expect(found.bytes).toBeGreaterThan(0)
    expect(await logs.size({ jobId: gone, attempt: 1, stream: 'output' })).toBe(0)
    expect(await logs.size({ jobId: kept, attempt: 1, stream: 'output' })).toBe(5)
  })
})

describe('the mark of a backup', () => {
  it('holds for as long as the backup runs', async () => {
    const store = await tempFolder()
    const now = Date.now()
    expect(await isBackedUp(store, now)).toBe(false)
    {
      await using backups = new AsyncDisposableStack()
      backups.use(await markBackup(store, systemClock))
      backups.use(await markBackup(store, systemClock))
      expect(await isBackedUp(store, now)).toBe(true)
    }
    expect(await isBackedUp(store, now)).toBe(false)
  })

  it('of a backup that died holds for five minutes and is then cleared away', async () => {
    const store = await tempFolder()
    await using backup = new AsyncDisposableStack()
    backup.use(await markBackup(store, STOPPED))
    const [name] = await readdir(join(store, 'backups'))
    const { mtimeMs } = await stat(join(store, 'backups', name!))
    expect(await isBackedUp(store, mtimeMs + 299_000)).toBe(true)
    expect(await isBackedUp(store, mtimeMs + 301_000)).toBe(false)
    expect(await readdir(join(store, 'backups'))).toEqual([])
  })
})
