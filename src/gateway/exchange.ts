import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Replayed } from './meter.ts'
import type { Route } from './routes.ts'

/**
 * An HTTP request from an agent. Its API key, which is the token of a door, has already been
 * checked.
 */
export type Question = {
  readonly route: Route
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** How many doors were opened before the door of this request. */
  readonly door: number
  /**
   * How many requests for a model response the door received before this one. Always 0 if this
   * request asks for a token count or the model list instead.
   */
  readonly place: number
}

/** The response to a question. Its body is streamed. */
export type Answer = {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: AsyncIterable<Uint8Array>
  /** Set if the response comes from a script or recording; null if it comes from a model. */
  readonly replayed: Replayed | null
}

/**
 * Gets the response to a request. Depending on the source, the response comes from an upstream
 * model, a script or a recording. Throws an AppError, which is sent to the agent, or `CutOff`,
 * which breaks the connection.
 */
export type Source = (question: Question, signal: AbortSignal) => Promise<Answer>

/** Thrown at the point where a script tells the gateway to break the connection. */
export class CutOff extends Error {
  override readonly name = 'CutOff'
}

/** A response with a JSON body. */
export const jsonAnswer = (status: number, body: unknown, replayed: Replayed | null): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: once(Buffer.from(JSON.stringify(body))),
  replayed,
})

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
