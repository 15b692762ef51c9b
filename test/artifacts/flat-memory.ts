// A program to be measured: stores and reads back this many bytes, then prints its peak memory in bytes.
import { Readable } from 'node:stream'
import { openDiskArtifacts } from '../../src/artifacts/disk-artifacts.ts'

const CHUNK_BYTES = 64 * 1024
const size = Number(process.argv[3])

function* chunks(): Generator<Buffer> {
  for (let at = 0; at < size; at += CHUNK_BYTES) yield Buffer.alloc(CHUNK_BYTES, 'x')
}

const store = await openDiskArtifacts(process.argv[2] ?? '')
const { digest } = await store.put(Readable.from(chunks()), {
  expectedDigest: null,
  maxBytes: size,
})
for await (const chunk of await store.open(digest)) void chunk
process.stdout.write(String(process.resourceUsage().maxRSS * 1024))
