import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import {
  agent,
  type AgentApp,
  methods,
  PROTOCOL_VERSION,
  RequestError,
  type SessionUpdate,
} from '@agentclientprotocol/sdk'
import type { ModelMessage } from 'ai'
import { ModelFailed } from './model.ts'
import { loadSession, saveSession } from './session.ts'
import { BuiltinSettings, type Failure, META } from './settings.ts'
import { runTurn } from './turn.ts'

/** JSON-RPC's code for an error that the client did not cause. */
const INTERNAL_ERROR = -32_603

type Session = {
  readonly settings: BuiltinSettings
  readonly root: string
  readonly messages: ModelMessage[]
  turn: AbortController | null
}
type Notify = (update: SessionUpdate) => Promise<void>

/**
 * The agent's side of the Agent Client Protocol. Saves the conversation in the folder `home` after
 * each step and after each turn, even if the turn fails.
 * @param stop cancels every turn when it aborts
 */
export function builtinAgent(home: string, stop: AbortSignal): AgentApp {
  const sessions = new Map<string, Session>()

  const begin = async (id: string, request: NewSession, messages: ModelMessage[]) => {
    const settings = settingsIn(request)
    sessions.set(id, { settings, root: await realpath(request.cwd), messages, turn: null })
  }
  const sessionOf = (id: string): Session => {
    const session = sessions.get(id)
    if (session === undefined)
      throw RequestError.invalidParams(undefined, `the session ${id} is not open`)
    return session
  }

  return agent({ name: 'millwright' })
    .onRequest(methods.agent.initialize, () => ({
      protocolVersion: PROTOCOL_VERSION,
      agentCapabilities: { loadSession: true },
    }))
    .onRequest(methods.agent.session.new, async ({ params }) => {
      const sessionId = randomUUID()
      await begin(sessionId, params, [])
      return { sessionId }
    })
    .onRequest(methods.agent.session.load, async ({ params, client }) => {
      const { sessionId } = params
      const messages = await loadSession(home, sessionId)
      if (messages === null) throw RequestError.resourceNotFound(sessionId)
      await begin(sessionId, params, [...messages])
      const notify = notifier(client, sessionId)
      for (const update of messages.flatMap(replayed)) await notify(update)
      return {}
    })
    .onRequest(methods.agent.session.prompt, async ({ params, client, signal }) => {
      const session = sessionOf(params.sessionId)
      if (session.turn !== null)
        throw RequestError.invalidParams(undefined, 'this session already has a running turn')
      session.turn = new AbortController()
      const ended = AbortSignal.any([session.turn.signal, signal, stop])
      session.messages.push({ role: 'user', content: promptText(params.prompt) })
      try {
        const notify = notifier(client, params.sessionId)
        const save = () => saveSession(home, params.sessionId, session.messages)
        return { stopReason: await runTurn({ ...session, notify, save }, ended) }
      } catch (error) {
        if (!(error instanceof ModelFailed)) throw error
        const failure: Failure = { reason: error.reason }
        throw new RequestError(INTERNAL_ERROR, error.message, failure)
      } finally {
        session.turn = null
        await saveSession(home, params.sessionId, session.messages)
      }
    })
    .onNotification(methods.agent.session.cancel, ({ params }) => {
      sessions.get(params.sessionId)?.turn?.abort()
    })
}

type NewSession = { readonly cwd: string; readonly _meta?: Record<string, unknown> | null }

function settingsIn({ _meta: meta }: NewSession): BuiltinSettings {
  const parsed = BuiltinSettings.safeParse(meta?.[META])
  if (parsed.success) return parsed.data
  throw RequestError.invalidParams(undefined, `_meta["${META}"]: ${parsed.error.message}`)
}

type Client = {
  notify(
    method: typeof methods.client.session.update,
    params: { sessionId: string; update: SessionUpdate },
  ): Promise<void>
}

const notifier =
  (client: Client, sessionId: string): Notify =>
  async (update) =>
    await client.notify(methods.client.session.update, { sessionId, update })

/**
 * Converts a message to the updates that replay it. The protocol requires the agent to replay the
 * conversation when it loads a session. Only text is replayed; that is enough, because Millwright
 * ignores the replay.
 */
function replayed({ role, content }: ModelMessage): SessionUpdate[] {
  if (role !== 'user' && role !== 'assistant') return []
  const sessionUpdate = role === 'user' ? 'user_message_chunk' : 'agent_message_chunk'
  const words = typeof content === 'string' ? [content] : content.flatMap(textIn)
  return words.map((text) => ({ sessionUpdate, content: { type: 'text', text } }))
}

const textIn = (part: { readonly type: string; readonly text?: string }): string[] =>
  part.type === 'text' && part.text !== undefined ? [part.text] : []

const promptText = (prompt: readonly { readonly type: string; readonly text?: string }[]): string =>
  prompt.flatMap(textIn).join('\n')
