import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { fileDigest } from './file-digest.ts'

it('the digest of a file is the SHA-256 of all its bytes', async () => {
  const file = join(await tempFolder(), 'large')
  const bytes = Buffer.alloc(300_000, 'bytes')
  await writeFile(file, bytes)
  expect(await fileDigest(file)).toBe(createHash('sha256').update(bytes).digest('hex'))
})

it('reading a file for its digest ends with the reason of an abort', async () => {
  const file = join(await tempFolder(), 'large')
  await writeFile(file, Buffer.alloc(300_000))
  const stop = new AbortController()
  const digest = fileDigest(file, stop.signal)
  const reason = new Error('stopped')
  stop.abort(reason)
  await expect(digest).rejects.toBe(reason)
})
