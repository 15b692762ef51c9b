import { Worker as Thread } from 'node:worker_threads'
import { type Fence, fenceOf, type Lease } from '../../domain/lease.ts'
import type { StopOrder } from '../../pipeline/stop-order.ts'
import { entryProgram } from '../../platform/entry-program.ts'
import type { HubClient } from '../../protocol/client.ts'
import { attemptName } from '../attempt-folder.ts'
import type { Lifeline } from './lifeline.ts'
import { LeaseNotice, type LeaseCommand, type Start } from './messages.ts'
import { Heartbeat } from './heartbeat.ts'

/** A worker counts as hung if its event loop does not run for this many milliseconds. */
const STILL_MS = 10 * 60_000

/** The controls of an attempt whose lease the thread renews. */
type HeldLease = { readonly stopOrder: StopOrder; readonly lifeline: Lifeline }

/**
 * The thread needs a few kilobytes per lease. Without a limit, V8 lets 100 MiB of garbage pile up.
 */
const MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

/**
 * Renews a worker's leases in a separate thread, so that a busy main thread does not delay
 * renewals.
 */
export class LeaseKeeper {
  readonly #thread: Thread
  readonly #leases = new Map<string, HeldLease>()
  readonly #ready = Promise.withResolvers<void>()
  readonly #failed = Promise.withResolvers<never>()
  readonly #beating: Disposable

  /**
   * Starts the thread. The thread also kills this process if the main event loop hangs for
   * `stillMs` milliseconds.
   * @param hub the hub's URL, and the network proxy to it
   */
  constructor({ url, proxy }: Pick<HubClient, 'url' | 'proxy'>, stillMs = STILL_MS) {
    const heartbeat = new Heartbeat()
    this.#beating = heartbeat.beat()
    const start: Start = { url, proxy, heartbeat: heartbeat.shared, stillMs }
    this.#thread = new Thread(entryProgram('worker/keep-leases/main'), {
      workerData: start,
      execArgv: [],
      resourceLimits: MEMORY,
    })
    this.#thread.on('message', (message: unknown) => this.#receive(LeaseNotice.parse(message)))
    this.#thread.once('error', (error) => this.#fail(error))
    this.#thread.once('exit', (code) => {
      this.#fail(new Error(`the lease thread exited with code ${code}`))
    })
    this.failed.catch(() => {})
    this.#ready.promise.catch(() => {})
  }

  /** Resolves when the thread is ready to renew leases. Rejects if the thread fails before that. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Rejects when the thread exits, because of a bug or because this keeper was disposed of. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  /**
   * Renews the lease until `release`. Stops the attempt if the lease is lost or a cancel is
   * requested.
   */
  keep(lease: Lease, held: HeldLease): void {
    const { token, leaseMs } = lease
    const fence = fenceOf(lease)
    this.#leases.set(attemptName(fence), held)
    this.#send({ type: 'keep', ...fence, token, leaseMs, shared: held.lifeline.shared })
  }

  release({ jobId, attempt }: Fence): void {
    this.#leases.delete(attemptName({ jobId, attempt }))
    this.#send({ type: 'release', jobId, attempt })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#beating[Symbol.dispose]()
    await this.#thread.terminate()
  }

  #receive(notice: LeaseNotice): void {
    if (notice.type === 'ready') return this.#ready.resolve()
    const held = this.#leases.get(attemptName(notice))
    if (notice.type === 'cancel-requested') held?.stopOrder.stop({ kind: 'cancelled' })
    // After `retire`, `lapsed` is false and the loss is ignored: the attempt only reports its end,
    // and the hub refuses the report if the lease is lost.
    else if (held?.lifeline.lapsed() === true) held.stopOrder.stop({ kind: 'lease-lost' })
  }

  #send(command: LeaseCommand): void {
    this.#thread.postMessage(command)
  }

  #fail(error: unknown): void {
    this.#ready.reject(error)
    this.#failed.reject(error)
  }
}
