import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Replayed } from './meter.ts'
import type { Route } from './routes.ts'

/** A request of an agent with a valid key. */
export type Question = {
  readonly route: Route
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The number of its door, from 0 in the order of opening. */
  readonly door: number
  /** Its number among the door's requests for an answer, from 0. */
  readonly place: number
}

/** The answer to a question; its body is streamed. */
export type Answer = {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: AsyncIterable<Uint8Array>
  /** null when a model answered. */
  readonly replayed: Replayed | null
}

/**
 * A source of answers: an upstream model, a script or a recording. Throws an AppError that is sent
 * to the agent, or `CutOff` to break the connection.
 */
export type Source = (question: Question, signal: AbortSignal) => Promise<Answer>

/** A script asks to break the connection here. */
export class CutOff extends Error {
  override readonly name = 'CutOff'
}

/** An answer whose whole body is known. */
export const jsonAnswer = (status: number, body: unknown, replayed: Replayed | null): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: once(Buffer.from(JSON.stringify(body))),
  replayed,
})

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
