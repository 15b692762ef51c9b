// Runs with temporary files on a disk of a few MiB: fills the disk, frees space, and prints the result of each write.
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { openDiskArtifacts } from '../../src/artifacts/disk-artifacts.ts'
import { openDiskLogs } from '../../src/artifacts/disk-logs.ts'
import { AppError } from '../../src/domain/errors.ts'
import { newJobId } from '../../src/domain/id.ts'

const MiB = 1024 * 1024
const folder = tmpdir()
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
const begin = () => logs.append({ ...address, attempt: 2 }, 0, Buffer.from('new'))
const temp = async () => (await readdir(join(folder, 'temp'))).length

const filler = join(folder, 'filler')
await writeFile(filler, Buffer.alloc(16 * MiB)).catch(() => {})
const bytesGone = [await outcome(put()), await outcome(append()), await temp()]
await rm(filler)

await mkdir(filler)
const fill = async (name: number): Promise<void> => {
  await writeFile(join(filler, String(name)), '')
  await fill(name + 1)
}
await fill(0).catch(() => {})
const namesGone = [await outcome(put()), await outcome(begin()), await temp()]
await rm(filler, { recursive: true })

const size = await logs.size(address)
const recovered = [
  await outcome(put()),
  await outcome(append()),
  await outcome(begin()),
  await temp(),
]
process.stdout.write(JSON.stringify({ bytesGone, namesGone, size, recovered }))
