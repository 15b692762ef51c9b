// An agent that speaks the Agent Client Protocol and performs each word of its prompt:
//   say:WORD     sends a message        ask     requests a permission and sends the answer
//   babble       prints text outside the protocol, on both streams
//   huge         prints a line of 20 MB  die     ends at once with code 7
//   refuse | cancelled | max_tokens      ends the turn so      login   fails for want of a login
import { Readable, Writable } from 'node:stream'
import { promisify } from 'node:util'
import {
  agent,
  methods,
  ndJsonStream,
  type PermissionOption,
  PROTOCOL_VERSION,
  RequestError,
  type RequestPermissionRequest,
  type StopReason,
} from '@agentclientprotocol/sdk'

const ENDS: Readonly<Record<string, StopReason>> = {
  refuse: 'refusal',
  cancelled: 'cancelled',
  max_tokens: 'max_tokens',
}
const OPTIONS: PermissionOption[] = [
  { optionId: 'no', name: 'No', kind: 'reject_once' },
  { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
]

/** Waits until the text is written: the protocol's stream loses data when the pipe is full. */
const print = promisify((text: string, done: () => void) => process.stdout.write(text, done))

const app = agent({ name: 'fake' })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: PROTOCOL_VERSION }))
  .onRequest(methods.agent.session.new, () => ({ sessionId: 'fake-session' }))
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    const { sessionId } = params
    const say = (text: string) =>
      client.notify(methods.client.session.update, {
        sessionId,
        update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } },
      })
    const [first] = params.prompt
    const words = first?.type === 'text' ? first.text.split(' ') : []
    for (const word of words) {
      if (word.startsWith('say:')) await say(word.slice(4))
      if (word === 'login') throw RequestError.authRequired()
      if (word === 'die') process.exit(7)
      if (word === 'huge') await print(`{"jsonrpc":"${'x'.repeat(20_000_000)}"}\n`)
      if (word === 'babble') {
        await print('Welcome!\n[1,2]\n{"half": \n')
        process.stderr.write('a word aside\n')
      }
      if (word === 'ask') {
        const toolCall = { toolCallId: 't', title: 'rm' }
        const asked: RequestPermissionRequest = { sessionId, toolCall, options: OPTIONS }
        const { outcome } = await client.request(methods.client.session.requestPermission, asked)
        await say(outcome.outcome === 'selected' ? outcome.optionId : 'nothing')
      }
      const end = ENDS[word]
      if (end !== undefined) return { stopReason: end }
    }
    return { stopReason: 'end_turn' as const }
  })

app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)))
