import { closeSync, openSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { LOG_SEGMENT_BYTES_MAX, type LogStream } from '../domain/attempt.ts'
import { type BoundedLog, boundedLog } from '../pipeline/bounded-log.ts'
import { attemptParams } from './attempt-params.ts'
import { callUntilAnswered } from './hub-call.ts'
import type { SenderContext } from './sender-context.ts'

/** How long new text may wait before it is sent, in milliseconds. */
const FLUSH_MS = 500
/** Once this many bytes are waiting, they are sent immediately. */
const FLUSH_BYTES = 256 * 1024
const TRY_MS = 30_000

type Stream = {
  readonly stream: LogStream
  /** Path of the file that holds the stream's whole text, including what has already been sent. */
  readonly file: string
  readonly maxBytes: number
}

/**
 * Sends one log stream to the hub. Text is written to a file and sent from there, so that memory
 * use stays constant while the hub is slow or unreachable, and the log can be salvaged if the
 * worker dies.
 */
export class LogSender {
  readonly #context: SenderContext
  readonly #stream: LogStream
  readonly #file: string
  readonly #signal: AbortSignal
  readonly #bounded: BoundedLog
  #descriptor: number | null = null
  #written = 0
  #sent = 0
  #wake = new AbortController()
  #ended = false
  #sending: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(context: SenderContext, { stream, file, maxBytes }: Stream, signal: AbortSignal) {
    this.#context = context
    this.#stream = stream
    this.#file = file
    this.#signal = signal
    this.#bounded = boundedLog(maxBytes, (bytes) => {
      this.#write(bytes)
    })
  }

  get isEmpty(): boolean {
    return this.#written === 0
  }

  /** Writes text to the file and schedules its sending. Throws if the write fails. */
  append(text: string): void {
    this.#bounded.append(text)
    if (this.#written > this.#sent) this.#sending ??= this.#send()
    if (this.#written - this.#sent >= FLUSH_BYTES) this.#wake.abort()
  }

  /** Sends waiting text immediately. */
  hurry(): void {
    this.#wake.abort()
  }

  /** Writes the end of the log and closes the file. Throws if the write fails. */
  end(): void {
    this.#ended = true
    try {
      this.#bounded.end()
    } finally {
      if (this.#descriptor !== null) closeSync(this.#descriptor)
      this.#descriptor = null
    }
  }

  /**
   * To be called after the last `append` and after `end`. Resolves once the hub has the whole log.
   * Throws the hub's refusal or the signal's reason.
   */
  async flush(): Promise<void> {
    this.#ended = true
    this.#wake.abort()
    if (this.#written > this.#sent) this.#sending ??= this.#send()
    await this.#sending
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Synchronous, so that a flood of output never queues up in memory. */
  #write(bytes: Uint8Array): void {
    this.#descriptor ??= openSync(this.#file, 'a', 0o600)
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at)
    this.#written += bytes.length
  }

  async #send(): Promise<void> {
    try {
      while (this.#sent < this.#written) {
        if (!this.#ended) await this.#context.clock.sleep(FLUSH_MS, this.#wake.signal)
        if (this.#wake.signal.aborted && !this.#ended) this.#wake = new AbortController()
        await this.#sendSegment()
      }
      this.#sending = null
    } catch (error) {
      // `#sending` stays set, so that nothing more is sent after a failed request.
      this.#failure = { error }
    }
  }

  async #sendSegment(): Promise<void> {
    const { hub, fence, clock } = this.#context
    const size = Math.min(LOG_SEGMENT_BYTES_MAX, this.#written - this.#sent)
    const body = await readAt(this.#file, this.#sent, size)
    const params = { ...attemptParams(fence), stream: this.#stream, offset: this.#sent }
    await callUntilAnswered(
      (trying) => hub.call('writeLog', { params, body }, trying),
      { clock, tryMs: TRY_MS },
      this.#signal,
    )
    this.#sent += body.length
  }
}

async function readAt(file: string, offset: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  const handle = await open(file, 'r')
  try {
    const { bytesRead } = await handle.read(bytes, 0, size, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
