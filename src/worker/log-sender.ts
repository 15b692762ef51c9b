import { closeSync, openSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { LOG_SEGMENT_BYTES_MAX, type LogStream } from '../domain/attempt.ts'
import { type BoundedLog, boundedLog } from '../pipeline/bounded-log.ts'
import { attemptParams } from './attempt-params.ts'
import { insist } from './patience.ts'
import type { SenderContext } from './sender-context.ts'

/** A reader sees new text after at most this time, or once so much of it has come. */
const FLUSH_MS = 500
const FLUSH_BYTES = 256 * 1024
const TRY_MS = 30_000

/** One stream of an attempt. */
type Stream = {
  readonly stream: LogStream
  /** Holds what was written, sent or not. */
  readonly file: string
  readonly maxBytes: number
}

/**
 * Sends one stream of an attempt to the hub. Text goes to a file first and is sent from there, so
 * that memory use stays constant while the hub is slow or unreachable, and the log of a dead worker
 * can be salvaged.
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

  /** Whether there is anything in this stream. */
  get isEmpty(): boolean {
    return this.#written === 0
  }

  /** Throws what the disk refuses with. */
  append(text: string): void {
    this.#bounded.append(text)
    if (this.#written > this.#sent) this.#sending ??= this.#send()
    if (this.#written - this.#sent >= FLUSH_BYTES) this.#wake.abort()
  }

  /** No more comes: the file is complete when this returns. Throws what the disk refuses with. */
  end(): void {
    this.#ended = true
    try {
      this.#bounded.end()
    } finally {
      if (this.#descriptor !== null) closeSync(this.#descriptor)
      this.#descriptor = null
    }
  }

  /** Resolves when the hub has everything written so far; throws what it refused it with. */
  async flush(): Promise<void> {
    this.#ended = true
    this.#wake.abort()
    if (this.#written > this.#sent) this.#sending ??= this.#send()
    await this.#sending
    if (this.#failure !== null) throw this.#failure.error
  }

  /** In one unbroken step, so that an agent's flood never waits in memory. */
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
      // Left in `#sending`, so that nothing more is sent after a gap.
      this.#failure = { error }
    }
  }

  async #sendSegment(): Promise<void> {
    const { hub, fence, clock } = this.#context
    const size = Math.min(LOG_SEGMENT_BYTES_MAX, this.#written - this.#sent)
    const body = await readAt(this.#file, this.#sent, size)
    const params = { ...attemptParams(fence), stream: this.#stream, offset: this.#sent }
    await insist(
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
