// A program that runs on a disk of a few MiB (its folder), fills it, makes room again, and prints what became of each write.
import { randomBytes } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { openDiskArtifacts } from '../../src/artifacts/disk-artifacts.ts'
import { openDiskLogs } from '../../src/artifacts/disk-logs.ts'
import { AppError } from '../../src/domain/errors.ts'
import { newJobId } from '../../src/domain/id.ts'

const MiB = 1024 * 1024
const folder = process.argv[2] ?? ''
const artifacts = await openDiskArtifacts(folder)
const logs = await openDiskLogs(folder)
const address = { jobId: newJobId(Date.now(), randomBytes), attempt: 1, stream: 'output' } as const
await logs.append(address, 0, Buffer.from('before '))

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'stored',
    (error: unknown) => {
      if (error instanceof AppError) return error.code
      throw error
    },
  )
const put = () =>
  artifacts.put(Readable.from([Buffer.alloc(MiB, 'a')]), { expectedDigest: null, maxBytes: MiB })
const append = () => logs.append(address, 7, Buffer.alloc(MiB, 'b'))
const temp = async () => (await readdir(join(folder, 'temp'))).length

const filler = join(folder, 'filler')
await writeFile(filler, Buffer.alloc(16 * MiB)).catch(() => {})
const full = { put: await outcome(put()), append: await outcome(append()), temp: await temp() }
const known = Buffer.from(await logs.read(address, 0, MiB)).toString()
await rm(filler)
const mended = { put: await outcome(put()), append: await outcome(append()), temp: await temp() }
process.stdout.write(
  JSON.stringify({ full, known, mended, size: (await logs.size(address)) - 7 - MiB }),
)
