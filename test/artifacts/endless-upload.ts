// A program to be killed: uploads forever, and prints when the first MiB has reached the store.
import { Readable } from 'node:stream'
import { openDiskArtifacts } from '../../src/artifacts/disk-artifacts.ts'

function* endless(): Generator<Buffer> {
  yield Buffer.alloc(1024 * 1024, 'x')
  process.stdout.write('half\n')
  for (;;) yield Buffer.alloc(4096, 'x')
}

const store = await openDiskArtifacts(process.argv[2] ?? '')
await store.put(Readable.from(endless()), { expectedDigest: null, maxBytes: 2 ** 30 })
