import { homedir } from 'node:os'
import { Readable, Writable } from 'node:stream'
import { ndJsonStream } from '@agentclientprotocol/sdk'
import { builtinAgent } from './agent.ts'

// The built-in agent: a program of its own that speaks the Agent Client Protocol on its standard
// streams. It ends when its client closes them; a SIGINT cancels the turn and lets it be kept.

const stop = new AbortController()
process.once('SIGINT', () => {
  stop.abort()
  process.stdin.destroy()
})

const output = Writable.toWeb(process.stdout)
const input = Readable.toWeb(process.stdin)
await builtinAgent(homedir(), stop.signal).connect(ndJsonStream(output, input)).closed
stop.abort()
