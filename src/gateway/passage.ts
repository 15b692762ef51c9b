import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ModelRefusal } from '../domain/agent.ts'
import type { Usage } from '../domain/outcome.ts'
import type { Door } from './doors.ts'
import type { Answer, Question, Source } from './exchange.ts'
import type { Recorder } from './recording.ts'
import { readRateLimit } from './rate-limit.ts'
import { UsageReader } from './usage-reader.ts'

/** The maximum size of a recorded response. A larger one is forwarded but not recorded. */
const RECORDED_BYTES_MAX = 64 * 1024 * 1024
/**
 * How many bytes of a response with status 429 are kept. The body may say when the rate limit
 * resets.
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

  const answer = await context.source(question, signal)
  response.writeHead(answer.status, answer.headers)
  response.flushHeaders()
  const observer = new AnswerObserver(answer, passage, context.recorder !== null)
  try {
    await pipeline(answer.body, (body) => observer.observe(body), response, { signal })
  } finally {
    if (question.route.asks === 'answer') await observer.account(context)
  }
}

/** Reads the usage from a response while it is forwarded, and keeps its bytes for a recording. */
class AnswerObserver {
  readonly #answer: Answer
  readonly #passage: Passage
  readonly #contentType: string
  readonly #reader: UsageReader
  readonly #keep: boolean
  #kept: Uint8Array[] = []
  #refusalText = ''
  #size = 0
  #ended = false

  constructor(answer: Answer, passage: Passage, keep: boolean) {
    this.#answer = answer
    this.#passage = passage
    this.#contentType = answer.headers['content-type'] ?? ''
    this.#reader = new UsageReader(passage.question.route.dialect, this.#contentType)
    this.#keep = keep
  }

  async *observe(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#reader.push(piece)
      this.#size += piece.byteLength
      if (this.#isRefused && this.#size <= REFUSAL_BYTES_MAX)
        this.#refusalText += Buffer.from(piece).toString('utf8')
      if (this.#size > RECORDED_BYTES_MAX) this.#kept = []
      else if (this.#keep) this.#kept.push(piece)
      yield piece
    }
    this.#ended = true
  }

  get #isRefused(): boolean {
    return this.#answer.status === 429
  }

  #refusal(now: () => number): ModelRefusal | null {
    return this.#isRefused ? readRateLimit(this.#answer.headers, this.#refusalText, now()) : null
  }

  async account({ recorder, onUsage, now }: PassageContext): Promise<void> {
    const { question, door } = this.#passage
    const reading = this.#reader.finish()
    if (this.#answer.status < 300) door.meter.add(reading, this.#answer.replayed)
    door.refusal = this.#refusal(now)
    onUsage(door.token, door.meter.usage)
    // An agent may disconnect after the last event but before the stream ends. The response is
    // whole in this case too.
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
