import type { Reading } from '../reading.ts'
import type { Provider } from '../refusal.ts'
import type { ScriptStep } from '../script.ts'
import type { Conversation } from './conversation.ts'

/**
 * An error that the gateway sends to the agent instead of a model's response. `Dialect.error`
 * formats it.
 */
export type GatewayError = {
  readonly status: number
  readonly code: string
  readonly message: string
}

/**
 * A scripted response in two forms. If the response is not streamed, `whole` is its body. If it is
 * streamed, its server-sent events are `events` followed by `ending`. A script can delay or omit
 * `ending`.
 */
export type Wording = {
  readonly whole: unknown
  readonly events: readonly string[]
  readonly ending: readonly string[]
}

/** The HTTP protocol of one model API. */
export type Dialect = {
  readonly name: string
  readonly provider: Provider
  /** Returns the headers that carry the real API key to the upstream. */
  keyHeader(apiKey: string): Readonly<Record<string, string>>
  /**
   * Returns the request body to forward. If the API reports token counts only when the body asks
   * for them, adds the option that asks for them.
   */
  outgoing(body: Buffer): Buffer
  /**
   * Returns `known`, updated with the token counts in a whole response or in one event of a stream.
   */
  read(message: unknown, known: Reading): Reading
  /** Parses a model request. Throws `request-invalid`. */
  conversation(body: unknown): Conversation
  /** Returns the JSON body of an error response in this dialect. */
  error(error: GatewayError): unknown
  /** Formats a script's step as a response in this dialect. */
  wording(step: ScriptStep, conversation: Conversation): Wording
}
