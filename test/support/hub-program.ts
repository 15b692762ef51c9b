// A test hub in a separate process, for tests that measure it. Prints its address and a token as one
// line of JSON; ends when its standard input ends.
import { startTestHub } from './hub.ts'

await using hub = await startTestHub()
const { url, adminToken, workerToken } = hub
process.stdout.write(`${JSON.stringify({ url, adminToken, workerToken })}\n`)
process.stdin.resume()
await new Promise((resolve) => {
  process.stdin.once('end', resolve)
})
