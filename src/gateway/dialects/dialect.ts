import type { Reading } from '../reading.ts'
import type { ScriptStep } from '../script.ts'
import type { Conversation } from './conversation.ts'

type Provider = 'anthropic' | 'openai'

/** An error of the gateway itself, before `Dialect.error` formats it. */
export type GatewayError = {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** A scripted answer as a whole body, or as a stream; a script can delay or omit `ending`. */
export type Wording = {
  readonly whole: unknown
  readonly events: readonly string[]
  readonly ending: readonly string[]
}

/** The HTTP protocol of one model API. */
export type Dialect = {
  readonly name: string
  readonly provider: Provider
  /** The headers that carry the real key to the upstream. */
  keyHeader(apiKey: string): Readonly<Record<string, string>>
  /** The request body to forward, which asks for token counts where they are optional. */
  outgoing(body: Buffer): Buffer
  /** Updates the known counts from an answer or event. */
  read(message: unknown, known: Reading): Reading
  /** Parses a request. Throws `request-invalid`. */
  conversation(body: unknown): Conversation
  /** An error body in this dialect. */
  error(error: GatewayError): unknown
  /** A script's step as an answer in this dialect. */
  wording(step: ScriptStep, conversation: Conversation): Wording
}
