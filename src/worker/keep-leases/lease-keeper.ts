import { Worker as Thread } from 'node:worker_threads'
import { type Fence, fenceOf, type Lease } from '../../domain/lease.ts'
import type { StopOrder } from '../../pipeline/stop-order.ts'
import { entryEnvironment, entryProgram } from '../../platform/entry-program.ts'
import { attemptName } from '../attempt-folder.ts'
import type { Lifeline } from './lifeline.ts'
import { News, type LeaseCommand, type Start } from './messages.ts'
import { Pulse } from './pulse.ts'

/** After that long without an iteration of the event loop the worker is taken to hang for ever. */
const STILL_MS = 10 * 60_000

/** A lease that is kept for a running attempt. */
type HeldLease = { readonly stopOrder: StopOrder; readonly lifeline: Lifeline }

/** Keeps the leases of one worker, in a thread of its own that the worker cannot hold up. */
export class LeaseKeeper {
  readonly #thread: Thread
  readonly #leases = new Map<string, HeldLease>()
  readonly #ready = Promise.withResolvers<void>()
  readonly #failed = Promise.withResolvers<never>()
  readonly #heart: Disposable

  /**
   * Ends this process when its event loop hangs for too long.
   * @param url of the hub
   */
  constructor(url: string, stillMs = STILL_MS) {
    const pulse = new Pulse()
    this.#heart = pulse.beat()
    const start: Start = { url, pulse: pulse.shared, stillMs }
    this.#thread = new Thread(entryProgram('worker/keep-leases/main'), {
      workerData: start,
      execArgv: [],
      env: { ...entryEnvironment() },
    })
    this.#thread.on('message', (message: unknown) => this.#hear(News.parse(message)))
    this.#thread.once('error', (error) => this.#fail(error))
    this.#thread.once('exit', (code) => {
      this.#fail(new Error(`the thread that keeps the leases ended with ${code}`))
    })
    this.failed.catch(() => {})
    this.#ready.promise.catch(() => {})
  }

  /** Resolves when leases can be kept; rejects when the thread has failed before. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Rejects when the thread has ended, which is a bug or the end of the worker. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  /** Renews the lease until it is released. Stops the attempt when it is lost or to be cancelled. */
  keep(lease: Lease, held: HeldLease): void {
    const { token, leaseMs } = lease
    const fence = fenceOf(lease)
    this.#leases.set(attemptName(fence), held)
    this.#say({ type: 'keep', ...fence, token, leaseMs, shared: held.lifeline.shared })
  }

  release({ jobId, attempt }: Fence): void {
    this.#leases.delete(attemptName({ jobId, attempt }))
    this.#say({ type: 'release', jobId, attempt })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heart[Symbol.dispose]()
    await this.#thread.terminate()
  }

  #hear(news: News): void {
    if (news.type === 'ready') return this.#ready.resolve()
    const held = this.#leases.get(attemptName(news))
    if (news.type === 'cancel-requested') held?.stopOrder.stop({ kind: 'cancelled' })
    // An attempt that only tells of its end hears of the loss from the hub, with each thing it tells.
    else if (held?.lifeline.lapsed() === true) held.stopOrder.stop({ kind: 'lease-lost' })
  }

  #say(command: LeaseCommand): void {
    this.#thread.postMessage(command)
  }

  #fail(error: unknown): void {
    this.#ready.reject(error)
    this.#failed.reject(error)
  }
}
