import { fenceOf, type Lease } from '../domain/lease.ts'
import { type StopCause, Stopped } from '../domain/stop.ts'
import { StopOrder } from '../pipeline/stop-order.ts'
import { killLeftovers } from '../platform/process-tree.ts'
import { attemptName } from './attempt-folder.ts'
import type { WorkerContext } from './context.ts'
import { Guard } from './guard/guard.ts'
import { LeaseKeeper } from './keep-leases/lease-keeper.ts'
import { Lifeline } from './keep-leases/lifeline.ts'
import { leaseJobs } from './lease-loop.ts'
import { endLeftovers, recover } from './recover.ts'
import { salvage } from './salvage.ts'
import { Slots } from './slots.ts'
import { tidyKinds } from './tidy-loop.ts'
import { type AttemptControls, workOn } from './work-on.ts'

/** How long the worker may still talk to the hub after `stop` is called, in milliseconds. */
const STOP_MS = 2000

/**
 * The lease thread renews leases even if the main thread is busy. The guard process outlives the
 * worker and kills the attempts' processes.
 */
type Helpers = { readonly keeper: LeaseKeeper; readonly guard: Guard }

/**
 * Starts a worker. The worker first kills processes left by its last run and then leases jobs until
 * it is drained or stopped.
 */
export const startWorker = (context: WorkerContext): Worker => new Worker(context)

export class Worker {
  readonly #context: WorkerContext
  readonly #slots: Slots
  /** The stop order of each running attempt, by the attempt's name. */
  readonly #attempts = new Map<string, StopOrder>()
  /**
   * Background work: old reports, salvage, cleanup. The worker's next start continues unfinished
   * work.
   */
  readonly #chores = new Set<Promise<void>>()
  /** Aborts when the worker stops claiming jobs. */
  readonly #leasing = new AbortController()
  /** Aborts when the worker stops sending final reports. */
  readonly #leaving = new AbortController()
  /** Aborts when all attempts have ended; stops the background work. */
  readonly #ended = new AbortController()
  readonly #known = Promise.withResolvers<void>()
  /** Resolves when the hub has answered the first claim, and therefore knows this worker. */
  readonly known = this.#known.promise
  #failure: { readonly error: unknown } | null = null
  /** Resolves when the worker has ended. Rejects with the error that made it end. */
  readonly done: Promise<void>

  constructor(context: WorkerContext) {
    this.#context = context
    this.#slots = new Slots(context.identity.slots)
    this.done = this.#run()
    // `drain` and `stop` rethrow the failure. If neither is called, it must not count as unhandled.
    this.done.catch(() => {})
  }

  /** Number of running attempts. */
  get running(): number {
    return this.#slots.running
  }

  /**
   * Stops claiming jobs, and resolves when the running attempts have ended. Attempts that are still
   * running after `drainMs` milliseconds are stopped, and their jobs are handed back to the hub.
   */
  async drain(): Promise<void> {
    this.#leasing.abort()
    const { clock, drainMs } = this.#context
    const late = clock.sleep(drainMs, this.#ended.signal)
    void late.then(() => this.#stopAll({ kind: 'drained' }))
    await this.done
  }

  /**
   * Stops all attempts immediately. Hands their jobs back to the hub if it answers within two
   * seconds.
   */
  async stop(): Promise<void> {
    this.#leasing.abort()
    this.#stopAll({ kind: 'drained' })
    for (const [name, stopOrder] of this.#attempts) {
      stopOrder.hurry()
      void killLeftovers(name, this.#context.log)
    }
    void this.#leave()
    await this.done
  }

  async #run(): Promise<void> {
    await using guard = await Guard.start()
    await using keeper = new LeaseKeeper(this.#context.hub)
    for (const { failed } of [guard, keeper]) failed.catch((error: unknown) => this.#fail(error))
    try {
      const left = await endLeftovers(this.#context)
      this.#chore(guard.during(left, () => recover(left, this.#context, this.#ended.signal)))
      this.#chore(tidyKinds(this.#context, this.#ended.signal))
      await keeper.ready
      const begin = (lease: Lease): void => this.#begin(lease, { guard, keeper })
      const onKnown = this.#known.resolve
      await leaseJobs(this.#context, this.#slots, { begin, onKnown }, this.#leasing.signal)
    } catch (error) {
      this.#failure ??= { error }
    }
    // Even a worker that may not claim jobs, for example because its token was revoked, can finish
    // the attempts that are running.
    await this.#slots.empty()
    this.#ended.abort(new Stopped({ kind: 'drained' }))
    await Promise.all(this.#chores)
    if (this.#failure !== null) throw this.#failure.error
  }

  async #leave(): Promise<void> {
    await this.#context.clock.sleep(STOP_MS, this.#ended.signal)
    this.#leaving.abort(new Stopped({ kind: 'drained' }))
    this.#stopAll({ kind: 'lease-lost' })
  }

  #begin(lease: Lease, helpers: Helpers): void {
    const fence = fenceOf(lease)
    this.#context.log.info(fence, 'job leased')
    const lifeline = new Lifeline(this.#context.clock, lease.leaseMs)
    const stopOrder = new StopOrder(() => lifeline.lapsed())
    // The lease may have arrived after the drain began.
    if (this.#leasing.signal.aborted) stopOrder.stop({ kind: 'drained' })
    this.#slots.run(
      this.#attempt(lease, { stopOrder, lifeline, leaving: this.#leaving.signal }, helpers),
    )
  }

  async #attempt(
    lease: Lease,
    controls: AttemptControls,
    { keeper, guard }: Helpers,
  ): Promise<void> {
    const fence = fenceOf(lease)
    const name = attemptName(fence)
    this.#attempts.set(name, controls.stopOrder)
    keeper.keep(lease, controls)
    try {
      const end = await guard.during([name], () => workOn(lease, this.#context, controls))
      if (end === 'left') {
        const rescue = () => salvage(name, this.#context, this.#ended.signal)
        this.#chore(guard.during([name], rescue))
      }
    } catch (error) {
      // If the worker is leaving, the error is ignored: the next start sends the report and the
      // work.
      if (!this.#leaving.signal.aborted) this.#fail(error)
    } finally {
      keeper.release(fence)
      this.#attempts.delete(name)
    }
  }

  #stopAll(cause: StopCause): void {
    for (const stopOrder of this.#attempts.values()) stopOrder.stop(cause)
  }

  #chore(work: Promise<void>): void {
    const chore = work.catch((error: unknown) => {
      if (!this.#ended.signal.aborted) this.#fail(error)
    })
    this.#chores.add(chore)
    void chore.then(() => this.#chores.delete(chore))
  }

  /**
   * Handles an unexpected error: makes the worker end, and stops its attempts as if their leases
   * were lost.
   */
  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return
    this.#failure ??= { error }
    this.#leasing.abort()
    this.#stopAll({ kind: 'lease-lost' })
  }
}
