// A test hub in a process of its own, for tests that measure it. Prints where it is and how to
// get in as one line of JSON; ends when its standard input ends.
import { startTestHub } from './hub.ts'

await using hub = await startTestHub()
const { url, adminToken, workerToken } = hub
process.stdout.write(`${JSON.stringify({ url, adminToken, workerToken })}\n`)
process.stdin.resume()
await new Promise((resolve) => {
  process.stdin.once('end', resolve)
})
