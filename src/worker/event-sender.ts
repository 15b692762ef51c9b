import type { WorkerEvent } from '../domain/event.ts'
import { attemptParams } from './attempt-params.ts'
import { callUntilAnswered } from './hub-call.ts'
import type { SenderContext } from './sender-context.ts'

/** How long to wait for more events before sending them in one request, in milliseconds. */
const GATHER_MS = 50
/**
 * Maximum number of events per request. An event's text has at most 2048 characters, each up to 6
 * bytes in JSON, so 64 events need about 768 KiB, which is below the hub's body limit of 1 MiB.
 */
const BATCH_MAX = 64
const TRY_MS = 30_000

/**
 * Sends an attempt's events to the hub in order. Each event is recorded exactly once: a request is
 * retried until the hub answers, and the hub recognizes duplicates by the events' numbers.
 */
export class EventSender {
  readonly #context: SenderContext
  readonly #signal: AbortSignal
  readonly #queue: WorkerEvent[] = []
  #from = 1
  #hurry = new AbortController()
  #sending: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(context: SenderContext, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
  }

  tell(event: WorkerEvent): void {
    this.#queue.push(event)
    this.#sending ??= this.#send()
    // This event is sent immediately: if this worker dies, the hub counts the attempt as a failure
    // only if the event has arrived or the job sets `countEarlyExpiry`.
    if (event.type === 'agent-started') this.#hurry.abort()
  }

  /** Resolves once the hub has all events reported so far. Throws the hub's refusal. */
  async flush(): Promise<void> {
    while (this.#sending !== null && this.#failure === null) {
      this.#hurry.abort()
      await this.#sending
    }
    if (this.#failure !== null) throw this.#failure.error
  }

  async #send(): Promise<void> {
    const { hub, fence, clock } = this.#context
    const params = attemptParams(fence)
    this.#hurry = new AbortController()
    await clock.sleep(GATHER_MS, this.#hurry.signal)
    try {
      while (this.#queue.length > 0) {
        const body = { from: this.#from, events: this.#queue.slice(0, BATCH_MAX) }
        await callUntilAnswered(
          (trying) => hub.call('appendEvents', { params, body }, trying),
          { clock, tryMs: TRY_MS },
          this.#signal,
        )
        this.#queue.splice(0, body.events.length)
        this.#from += body.events.length
      }
      this.#sending = null
    } catch (error) {
      // `#sending` stays set, so that nothing more is sent after a failed request.
      this.#failure = { error }
    }
  }
}
