import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Replayed } from './meter.ts'
import type { Route } from './routes.ts'

/** A request of an agent that was let through its door. */
export type Question = {
  readonly route: Route
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Which door it came through, counted from 0 in the order of opening. */
  readonly door: number
  /** Its place among the door's requests for an answer, from 0. */
  readonly place: number
}

/** What is sent back: head first, body as it comes. */
export type Answer = {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: AsyncIterable<Uint8Array>
  /** null when a model answered. */
  readonly replayed: Replayed | null
}

/**
 * Where answers come from: a model upstream, a written script or a recording. Throws AppError
 * for what the agent is to be told, `CutOff` to break the connection.
 */
export type Source = (question: Question, signal: AbortSignal) => Promise<Answer>

/** A script wants the connection broken here. */
export class CutOff extends Error {
  override readonly name = 'CutOff'
}

/** A whole answer at hand. */
export const jsonAnswer = (status: number, body: unknown, replayed: Replayed | null): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: once(Buffer.from(JSON.stringify(body))),
  replayed,
})

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
