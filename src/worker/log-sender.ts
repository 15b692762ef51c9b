import { closeSync, openSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { LOG_SEGMENT_BYTES_MAX, type LogStream } from '../domain/attempt.ts'
import type { Fence } from '../domain/lease.ts'
import { type BoundedLog, boundedLog } from '../pipeline/bounded-log.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import { insist } from './patience.ts'

/** A reader sees new text after at most this time, or once so much of it has come. */
const FLUSH_MS = 500
const FLUSH_BYTES = 256 * 1024
const TRY_MS = 30_000

type Way = {
  readonly hub: HubClient
  readonly fence: Fence
  readonly clock: Clock
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
  readonly #way: Way
  readonly #signal: AbortSignal
  readonly #bounded: BoundedLog
  #descriptor: number | null = null
  #written = 0
  #sent = 0
  #wake = new AbortController()
  #ended = false
  #sending: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(way: Way, signal: AbortSignal) {
    this.#way = way
    this.#signal = signal
    this.#bounded = boundedLog(way.maxBytes, (bytes) => {
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
    this.#descriptor ??= openSync(this.#way.file, 'a', 0o600)
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at)
    this.#written += bytes.length
  }

  async #send(): Promise<void> {
    try {
      while (this.#sent < this.#written) {
        if (!this.#ended) await this.#way.clock.sleep(FLUSH_MS, this.#wake.signal)
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
    const { hub, fence, clock, stream, file } = this.#way
    const size = Math.min(LOG_SEGMENT_BYTES_MAX, this.#written - this.#sent)
    const body = await readAt(file, this.#sent, size)
    const params = { job: fence.jobId, attempt: fence.attempt, stream, offset: this.#sent }
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
