import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Usage } from '../domain/outcome.ts'
import type { Door } from './doors.ts'
import type { Answer, Question, Source } from './exchange.ts'
import type { Recorder } from './recording.ts'
import { readRateLimit } from './rate-limit.ts'
import { type Refusal, refusalIn, refusalOf } from './refusal.ts'
import { UsageReader } from './usage-reader.ts'

/** The maximum size of a recorded response. A larger response is forwarded but not recorded. */
const RECORDED_BYTES_MAX = 64 * 1024 * 1024
/**
 * The maximum number of bytes to keep of a response with status 429. They are kept because the body
 * can say when the rate limit resets.
 */
const REFUSAL_BYTES_MAX = 64 * 1024

export type PassageContext = {
  readonly source: Source
  readonly recorder: Recorder | null
  readonly now: () => number
  /** Called after each model response with the door's token and the door's total usage so far. */
  readonly onUsage: (token: string, usage: Usage) => void
}

type Passage = {
  readonly question: Question
  readonly door: Door
  readonly response: ServerResponse
}

/**
 * Sends a request to the source and streams the response to the agent with backpressure. Counts the
 * usage even if the agent or the model disconnects.
 */
export async function passThrough(context: PassageContext, passage: Passage): Promise<void> {
  const { question, door, response } = passage
  const disconnected = new AbortController()
  response.once('close', () => disconnected.abort())
  const signal = AbortSignal.any([disconnected.signal, door.signal])

  const answer = await ask(context.source, passage, signal)
  response.writeHead(answer.status, answer.headers)
  response.flushHeaders()
  const keep = context.recorder !== null
  const observer = new AnswerObserver(answer, passage, { keep, signal })
  try {
    await pipeline(answer.body, (body) => observer.observe(body), response, { signal })
  } finally {
    if (question.route.asks === 'answer') await observer.account(context)
  }
}

/**
 * Sends the request to the source. If the source throws, stores in the door why the model failed.
 */
async function ask(
  source: Source,
  { question, door }: Passage,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return await source(question, signal)
  } catch (error) {
    const { dialect, asks } = question.route
    if (asks === 'answer') door.refusal = refusalIn(dialect.provider, error)
    throw error
  }
}

type Observing = {
  /** Whether to keep the bytes for a recording. */
  readonly keep: boolean
  /** Aborts when the agent disconnects or the door closes. */
  readonly signal: AbortSignal
}

/** Reads the usage from a response while it is forwarded, and keeps its bytes for a recording. */
class AnswerObserver {
  readonly #answer: Answer
  readonly #passage: Passage
  readonly #contentType: string
  readonly #reader: UsageReader
  readonly #observing: Observing
  #kept: Uint8Array[] = []
  #refusalText = ''
  #size = 0
  #ended = false
  /** Whether the connection to the model failed before the response ended. */
  #broken = false

  constructor(answer: Answer, passage: Passage, observing: Observing) {
    this.#answer = answer
    this.#passage = passage
    this.#contentType = answer.headers['content-type'] ?? ''
    this.#reader = new UsageReader(passage.question.route.dialect, this.#contentType)
    this.#observing = observing
  }

  async *observe(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of body) {
        this.#note(piece)
        yield piece
      }
      this.#ended = true
    } catch (error) {
      this.#broken = !this.#observing.signal.aborted
      throw error
    }
  }

  #note(piece: Uint8Array): void {
    this.#reader.push(piece)
    this.#size += piece.byteLength
    if (this.#answer.status === 429 && this.#size <= REFUSAL_BYTES_MAX)
      this.#refusalText += Buffer.from(piece).toString('utf8')
    if (this.#size > RECORDED_BYTES_MAX) this.#kept = []
    else if (this.#observing.keep) this.#kept.push(piece)
  }

  #refusal(now: () => number): Refusal | null {
    const { provider } = this.#passage.question.route.dialect
    const { status, headers } = this.#answer
    if (this.#broken) return { kind: 'unavailable', provider }
    const resetsAt = status === 429 ? readRateLimit(headers, this.#refusalText, now()) : null
    return refusalOf(provider, status, resetsAt)
  }

  async account({ recorder, onUsage, now }: PassageContext): Promise<void> {
    const { question, door } = this.#passage
    const reading = this.#reader.finish()
    if (this.#answer.status < 300) door.meter.add(reading, this.#answer.replayed)
    door.refusal = this.#refusal(now)
    if (door.refusal === null) door.answered.add(question.route.dialect.provider)
    onUsage(door.token, door.meter.usage)
    // An agent may disconnect after the last event but before the stream ends. The response is
    // complete in this case too.
    const whole = this.#ended || reading.complete
    if (recorder === null || !whole || this.#size > RECORDED_BYTES_MAX) return
    await recorder.write({
      door: question.door,
      place: question.place,
      dialect: question.route.dialect.name,
      status: this.#answer.status,
      contentType: this.#contentType,
      body: Buffer.concat(this.#kept).toString('base64'),
    })
  }
}
