import type { Reading } from '../reading.ts'
import type { ScriptStep } from '../script.ts'
import type { Conversation } from './conversation.ts'

type Provider = 'anthropic' | 'openai'

/** An error of the gateway's own, before it is put into a dialect's words. */
export type GatewayError = {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** A scripted answer on the wire: all at once, or as events of which the last ones may be held back. */
export type Wording = {
  readonly whole: unknown
  readonly events: readonly string[]
  readonly ending: readonly string[]
}

/** One way of talking to a model over HTTP. */
export type Dialect = {
  readonly name: string
  readonly provider: Provider
  /** How the real key is presented upstream. */
  keyHeader(apiKey: string): Readonly<Record<string, string>>
  /** The request as it goes upstream: asks for counts where they are optional. */
  outgoing(body: Buffer): Buffer
  /** The counts known so far, with what this answer or event says of them. */
  read(message: unknown, known: Reading): Reading
  /** What a request asks. Throws `request-invalid`. */
  conversation(body: unknown): Conversation
  /** An error in the words this dialect's clients understand. */
  error(error: GatewayError): unknown
  /** A script's step as an answer. */
  wording(step: ScriptStep, conversation: Conversation): Wording
}
