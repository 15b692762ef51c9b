import { homedir } from 'node:os'
import { Readable, Writable } from 'node:stream'
import { ndJsonStream } from '@agentclientprotocol/sdk'
import { builtinAgent } from './agent.ts'

// The built-in agent: a separate program that speaks the Agent Client Protocol on stdin and stdout.
// It exits when its client closes stdin. SIGINT cancels the current turn; the conversation is still
// saved.

const stop = new AbortController()
process.once('SIGINT', () => {
  stop.abort()
  process.stdin.destroy()
})

const output = Writable.toWeb(process.stdout)
const input = Readable.toWeb(process.stdin)
await builtinAgent(homedir(), stop.signal).connect(ndJsonStream(output, input)).closed
stop.abort()
