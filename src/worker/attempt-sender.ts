import {
  type ArtifactSource,
  type AttemptReport,
  type FileArtifact,
  type LogStream,
  STREAMS,
} from '../domain/attempt.ts'
import { isAppError } from '../domain/errors.ts'
import type { Checkpoint, WorkerEvent } from '../domain/event.ts'
import { addEvidence, type Evidence, NO_EVIDENCE } from '../domain/evidence.ts'
import { fenceOf, type Lease } from '../domain/lease.ts'
import { nameSome } from '../domain/name-some.ts'
import type { PublicationIntent } from '../domain/publication.ts'
import { clip } from '../domain/text.ts'
import type { StopOrder } from '../pipeline/stop-order.ts'
import type { Clock } from '../platform/clock.ts'
import { isDiskFull } from '../platform/disk-space.ts'
import type { HubClient } from '../protocol/client.ts'
import { ArtifactSender, isLate, type MissingArtifact } from './artifact-sender.ts'
import { streamFile } from './attempt-folder.ts'
import { type AttemptParams, attemptParams } from './attempt-params.ts'
import { download } from './download.ts'
import { EventSender } from './event-sender.ts'
import { LogSender } from './log-sender.ts'
import { callUntilAnswered, saysLeaseLost } from './hub-call.ts'
import type { SenderContext } from './sender-context.ts'

const TRY_MS = 60_000
const NOTE_MAX = 2048
/** Maximum number of names listed in the note about artifacts that were not sent in time. */
const NAMED_MAX = 20

type Sending = {
  /** The hub's client. It authenticates with the attempt's token. */
  readonly hub: HubClient
  readonly lease: Lease
  readonly folder: string
  readonly clock: Clock
  readonly stopOrder: StopOrder
}

/**
 * Sends to the hub everything that an attempt reports, such as events, logs and artifacts. `flush`
 * waits until the hub has received everything.
 */
export class AttemptSender implements AttemptReport {
  readonly #context: SenderContext
  readonly #folder: string
  readonly #stopOrder: StopOrder
  readonly #params: AttemptParams
  readonly #events: EventSender
  readonly #logs: Readonly<Record<LogStream, LogSender>>
  readonly #artifacts: ArtifactSender
  #evidence = NO_EVIDENCE

  constructor({ hub, lease, folder, clock, stopOrder }: Sending) {
    const fence = fenceOf(lease)
    const context = { hub, fence, clock }
    const maxBytes = lease.job.limits.outputBytes
    const log = (stream: LogStream): LogSender =>
      new LogSender(context, { stream, file: streamFile(folder, stream), maxBytes }, stopOrder.late)
    this.#context = context
    this.#folder = folder
    this.#stopOrder = stopOrder
    this.#params = attemptParams(fence)
    this.#events = new EventSender(context, stopOrder.leaseLost)
    this.#artifacts = new ArtifactSender(context, folder, stopOrder)
    this.#logs = { transcript: log('transcript'), output: log('output'), checks: log('checks') }
  }

  get artifacts(): readonly FileArtifact[] {
    return this.#artifacts.kept
  }

  /** The facts for `report.json`, collected from the events reported so far. */
  get evidence(): Evidence {
    return this.#evidence
  }

  tell(event: WorkerEvent): void {
    this.#evidence = addEvidence(this.#evidence, event)
    // Sends the step's output now, so that people who follow the job see the output before the
    // event.
    if (event.type === 'step-finished') for (const log of Object.values(this.#logs)) log.hurry()
    this.#events.tell(event)
  }

  log(stream: LogStream, text: string): void {
    try {
      this.#logs[stream].append(text)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      const detail = 'the log could not be written because the worker’s disk is full'
      this.#stopOrder.stop({ kind: 'limit', reason: 'disk-full', detail })
    }
  }

  keep(artifact: ArtifactSource): void {
    try {
      this.#artifacts.keep(artifact)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#noteNotKept(artifact.name, 'not stored because the worker’s disk is full')
    }
  }

  async checkpoint(checkpoint: Checkpoint): Promise<boolean> {
    return await this.#unlessLeaseLost(async () => {
      const missing = await this.#artifacts.flush()
      if (missing.length > 0) return false
      await this.#record((hub, signal) =>
        hub.call('addCheckpoint', { params: this.#params, body: checkpoint }, signal),
      )
      return true
    })
  }

  async intend(intent: PublicationIntent): Promise<void> {
    const stopOrder = this.#stopOrder
    try {
      await stopOrder.recording(() =>
        this.#record((hub, signal) =>
          hub.call('intendPublication', { params: this.#params, body: intent }, signal),
        ),
      )
    } catch (error) {
      if (isAppError(error, 'cancel-requested')) stopOrder.stop({ kind: 'cancelled' })
      stopOrder.check()
      throw error
    }
    // The lease may have expired if the process was suspended between the hub's answer and this
    // line.
    stopOrder.check()
  }

  async fetchInput(name: string, file: string, signal: AbortSignal): Promise<void> {
    const { hub } = this.#context
    const params = { ...this.#params, name }
    await this.#fetch((trying) => hub.call('readInput', { params }, trying), file, signal)
  }

  async fetchContinued(name: string, file: string, signal: AbortSignal): Promise<void> {
    const { hub } = this.#context
    const params = { ...this.#params, name }
    await this.#fetch((trying) => hub.call('readContinued', { params }, trying), file, signal)
  }

  async fetchKept(attempt: number, name: string, file: string, signal: AbortSignal): Promise<void> {
    const { hub } = this.#context
    const params = { ...this.#params, from: attempt, name }
    await this.#fetch((trying) => hub.call('readKept', { params }, trying), file, signal)
  }

  /** Closes the logs. Queues every log that is not empty for upload as an artifact. */
  endLogs(): void {
    for (const { stream, name, mediaType } of STREAMS) {
      const log = this.#logs[stream]
      try {
        log.end()
      } catch (error) {
        if (!isDiskFull(error)) throw error
        this.#noteNotKept(name, 'the end of this log was lost because the worker’s disk is full')
      }
      if (log.isEmpty) continue
      this.keep({ name, mediaType, file: streamFile(this.#folder, stream) })
    }
  }

  /**
   * Waits until the hub has received all events, logs and artifacts, except those it refuses. Gives
   * up unfinished uploads when `stopOrder.late` aborts. Sends notes that name the missing artifacts
   * and logs. Throws if the hub accepts nothing more from the attempt.
   */
  async flush(): Promise<void> {
    const logFlushes = STREAMS.map(({ stream }) => this.#flushLog(stream))
    const [artifacts, logs] = await Promise.all([
      this.#artifacts.flush(),
      Promise.all(logFlushes),
      this.#events.flush(),
    ])
    const missing = [...artifacts, ...logs.filter((log) => log !== null)]
    for (const { name, error } of missing) {
      if (!isLate(error)) this.#noteNotKept(name, String(error))
    }
    const late = missing.filter(({ error }) => isLate(error)).map(({ name }) => name)
    if (late.length > 0) {
      this.#noteNotKept('not sent before the stopped job had to end', nameSome(late, NAMED_MAX))
    }
    await this.#events.flush()
  }

  /**
   * Sends the rest of a log. Returns null if the hub has the whole log. Returns the log as missing
   * if the stopped attempt had no time left to send it.
   */
  async #flushLog(stream: LogStream): Promise<MissingArtifact | null> {
    try {
      await this.#logs[stream].flush()
      return null
    } catch (error) {
      if (!isLate(error)) throw error
      return { name: `the log ${stream}`, error }
    }
  }

  #noteNotKept(what: string, details: string): void {
    const text = clip(`${what}: ${details}`, NOTE_MAX)
    this.tell({ type: 'note', code: 'artifact-not-kept', text })
  }

  /**
   * Retries a request until the hub answers. Sends all earlier events first, so that the hub
   * records everything in the order in which it happened.
   */
  async #record(call: (hub: HubClient, signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const { hub, clock } = this.#context
    await this.#unlessLeaseLost(async () => {
      await this.#events.flush()
      await callUntilAnswered(
        (signal) => call(hub, signal),
        { clock, tryMs: TRY_MS },
        this.#stopOrder.leaseLost,
      )
    })
  }

  /** Downloads a file. Does not send earlier events first, because a download records nothing. */
  async #fetch(
    ask: (signal: AbortSignal) => Promise<Response>,
    file: string,
    signal: AbortSignal,
  ): Promise<void> {
    const stop = AbortSignal.any([this.#stopOrder.leaseLost, signal])
    await this.#unlessLeaseLost(() => download(ask, file, this.#context.clock, stop))
  }

  /**
   * Runs `work`. Stops the attempt and throws `Stopped` if the hub answers that the lease is lost.
   */
  async #unlessLeaseLost<Value>(work: () => Promise<Value>): Promise<Value> {
    const stopOrder = this.#stopOrder
    try {
      return await work()
    } catch (error) {
      if (saysLeaseLost(error)) stopOrder.stop({ kind: 'lease-lost' })
      stopOrder.leaseLost.throwIfAborted()
      throw error
    }
  }
}
