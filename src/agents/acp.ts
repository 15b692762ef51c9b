import { Writable } from 'node:stream'
import { setImmediate as notificationsDelivered } from 'node:timers/promises'
import {
  client,
  type ClientContext,
  type ContentBlock,
  type NewSessionRequest,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type RequestPermissionRequest,
  RequestError,
  type Stream,
  type StopReason,
} from '@agentclientprotocol/sdk'
import { z } from 'zod'
import type {
  AgentDriver,
  AgentEnd,
  AgentIo,
  AgentPlace,
  AgentTask,
  AgentUpdate,
} from '../domain/agent.ts'
import { isAppError } from '../domain/errors.ts'
import type { Child, Launch } from '../domain/launch.ts'
import type { ReasonCode } from '../domain/reasons.ts'
import { StepFailed } from '../domain/stop.ts'
import { withBackpressure, jsonLines } from './acp-lines.ts'
import { AcpUpdates } from './acp-updates.ts'

const STOP_GRACE_MS = 2000
const LAST_WORDS_MAX = 2000
/** The protocol's error code for an agent that is not logged in. */
const AUTH_REQUIRED = -32_000

/** A program that speaks the Agent Client Protocol (ACP) on stdin and stdout. */
export type AcpAgent = {
  readonly name: string
  readonly argv: readonly [string, ...string[]]
  readonly readable: readonly string[]
  readonly sessionFiles: readonly string[]
  /** How to install the program; appended to the error if the program is missing. */
  readonly install: string
  /**
   * Returns the program's environment and the `_meta` of its session, or why the agent cannot run.
   */
  prepare(place: AgentPlace): Prepared
}
export type Prepared =
  | {
      readonly env: Record<string, string>
      readonly meta: Record<string, unknown>
    }
  | Failed

type Failed = Omit<Extract<AgentEnd, { kind: 'failed' }>, 'session'>

/** Makes a driver for an ACP program. Each run starts one process and sends one prompt. */
export function acpDriver(agent: AcpAgent): AgentDriver {
  return {
    name: agent.name,
    sessionFiles: agent.sessionFiles,
    run: async (task, place, io, signal) => {
      signal.throwIfAborted()
      const prepared = agent.prepare(place)
      if ('kind' in prepared) return { ...prepared, session: task.session }
      const child = await start(agent, place, prepared.env, io.launch)
      const stop = (): void => void child.stop(STOP_GRACE_MS)
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      const end = await converse({ agent, task, tree: place.tree, child, meta: prepared.meta }, io)
      signal.removeEventListener('abort', stop)
      if (signal.aborted) await child.exit
      signal.throwIfAborted()
      return end
    },
  }
}

async function start(
  agent: AcpAgent,
  place: AgentPlace,
  env: Record<string, string>,
  launch: Launch,
): Promise<Child> {
  return await launch({
    argv: agent.argv,
    cwd: place.tree,
    env,
    writable: [place.tree, place.home],
    readable: [...place.readable, ...agent.readable],
  }).catch((error: unknown) => {
    throw isAppError(error, 'program-unstartable')
      ? new StepFailed('agent-not-installed', `${error.message}; ${agent.install}`)
      : error
  })
}

type Conversation = {
  readonly agent: AcpAgent
  readonly task: AgentTask
  readonly tree: string
  readonly child: Child
  readonly meta: Record<string, unknown>
}

/**
 * Runs one prompt and waits until the process has exited. The library may resolve a request before
 * it delivers earlier notifications, so this function also waits for those.
 */
async function converse(conversation: Conversation, { onUpdate }: AgentIo): Promise<AgentEnd> {
  const { agent, child } = conversation
  const updates = new AcpUpdates(onUpdate)
  const prompted = { is: false }
  const lastWords = stderrOf(child, onUpdate)
  const app = client({ name: 'millwright' })
    .onRequest(methods.client.session.requestPermission, ({ params }) => allow(params))
    .onNotification(methods.client.session.update, ({ params }) => {
      // After session/load the agent replays the old conversation. Skip it: it is already in the
      // logs.
      if (prompted.is) updates.receive(params.update)
    })
  let session = conversation.task.session
  try {
    const stopReason = await app.connectWith(streamOf(child, onUpdate), async (context) => {
      const sessionId = await openSession(context, conversation)
      await notificationsDelivered()
      session = sessionId
      onUpdate({ type: 'session', session })
      prompted.is = true
      const prompt: ContentBlock[] = [{ type: 'text', text: conversation.task.prompt }]
      const ended = await context.request(methods.agent.session.prompt, { sessionId, prompt })
      await notificationsDelivered()
      return ended.stopReason
    })
    updates.flush()
    child.stdin.end()
    const { code } = await child.stop(STOP_GRACE_MS)
    const failure = FAILURES[stopReason]
    if (failure !== null) return { ...failure, session }
    return { kind: 'done', summary: updates.summary, session, exitCode: code ?? 0 }
  } catch (error) {
    updates.flush()
    const exit = await child.stop(STOP_GRACE_MS)
    const how =
      exit.code === null ? `was killed by ${exit.killSignal}` : `exited with code ${exit.code}`
    return { ...failureOf(error, `${agent.name} ${how}: ${lastWords()}`), session }
  }
}

async function openSession(
  context: ClientContext,
  { task, tree, meta }: Conversation,
): Promise<string> {
  await context.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientInfo: { name: 'millwright', version: '1' },
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
  })
  const opening: NewSessionRequest = { cwd: tree, mcpServers: [], _meta: meta }
  if (task.session === null) {
    const opened = await context.request(methods.agent.session.new, opening)
    return opened.sessionId
  }
  await context.request(methods.agent.session.load, { ...opening, sessionId: task.session })
  return task.session
}

function streamOf(child: Child, onUpdate: (update: AgentUpdate) => void): Stream {
  const lines = jsonLines(child.stdout, (line) =>
    onUpdate({
      type: 'warning',
      text: `the agent printed a line that is not a protocol message: ${line}`,
    }),
  )
  return ndJsonStream(
    Writable.toWeb(child.stdin),
    ReadableStream.from(withBackpressure(lines, child.stdin)),
  )
}

/**
 * Forwards stderr as updates. The returned function gives the last part of stderr so far, which is
 * added to the error message if the program exits unexpectedly.
 */
function stderrOf(child: Child, onUpdate: (update: AgentUpdate) => void): () => string {
  let lastWords = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_MAX)
    onUpdate({ type: 'output', stream: 'stderr', text })
  })
  return () => lastWords.trim()
}

/**
 * Grants every permission that the agent requests, without asking a person. The sandbox limits what
 * the agent can do, and checks run before anything is published.
 */
function allow({ options }: RequestPermissionRequest) {
  const kinds = ['allow_once', 'allow_always']
  const option = options.find(({ kind }) => kinds.includes(kind)) ?? options[0]
  return option === undefined
    ? { outcome: { outcome: 'cancelled' as const } }
    : { outcome: { outcome: 'selected' as const, optionId: option.optionId } }
}

const failed = (reason: ReasonCode, detail: string): Failed => ({ kind: 'failed', reason, detail })

const FAILURES: Readonly<Record<StopReason, Failed | null>> = {
  end_turn: null,
  max_turn_requests: failed('step-limit', 'the agent used all its steps'),
  max_tokens: failed('agent-failed', 'the agent used all its tokens'),
  refusal: failed('agent-failed', 'the model refused to continue'),
  cancelled: failed('agent-failed', 'the agent cancelled its own turn'),
}

const ErrorData = z.object({
  reason: z.enum(['agent-login', 'model-unavailable', 'model-refused', 'agent-failed']),
})

function failureOf(error: unknown, ended: string): Failed {
  // An error that is not a RequestError means that the connection broke because the program exited.
  if (!(error instanceof RequestError)) return failed('agent-failed', ended)
  if (error.code === AUTH_REQUIRED) return failed('agent-login', error.message)
  return failed(ErrorData.safeParse(error.data).data?.reason ?? 'agent-failed', error.message)
}
