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

/** How long a worker that must stop immediately may still talk to the hub, in milliseconds. */
const STOP_MS = 2000

/** A thread and a process that still act when the worker is busy or dead. */
type Helpers = { readonly keeper: LeaseKeeper; readonly guard: Guard }

/**
 * Starts a worker. It first kills the processes that its last run left, then leases jobs until it is
 * drained or stopped.
 */
export const startWorker = (context: WorkerContext): Worker => new Worker(context)

export class Worker {
  readonly #context: WorkerContext
  readonly #slots: Slots
  /** The stop order of each running attempt, by the attempt's name. */
  readonly #attempts = new Map<string, StopOrder>()
  /** Background work: old reports, salvage, cleanup. The next start continues what is unfinished. */
  readonly #chores = new Set<Promise<void>>()
  /** Aborted in this order: they end the claims, the final reports, and the background work. */
  readonly #leasing = new AbortController()
  readonly #leaving = new AbortController()
  readonly #ended = new AbortController()
  #failure: { readonly error: unknown } | null = null
  /** Resolves when the worker has ended; rejects with the error that ended it. */
  readonly done: Promise<void>

  constructor(context: WorkerContext) {
    this.#context = context
    this.#slots = new Slots(context.identity.slots)
    this.done = this.#run()
    // `drain` and `stop` pass the failure on; without them it must not be an unhandled rejection.
    this.done.catch(() => {})
  }

  /** Number of running attempts. */
  get running(): number {
    return this.#slots.running
  }

  /** Claims no new job. Resolves when the running ones have ended, or were handed back after drainMs. */
  async drain(): Promise<void> {
    this.#leasing.abort()
    const { clock, drainMs } = this.#context
    const late = clock.sleep(drainMs, this.#ended.signal)
    void late.then(() => this.#stopAll({ kind: 'drained' }))
    await this.done
  }

  /** Stops everything immediately, and hands the jobs back if the hub answers within two seconds. */
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
    await using keeper = new LeaseKeeper(this.#context.hub.url)
    for (const { failed } of [guard, keeper]) failed.catch((error: unknown) => this.#fail(error))
    try {
      const left = await endLeftovers(this.#context)
      this.#chore(guard.during(left, () => recover(left, this.#context, this.#ended.signal)))
      this.#chore(tidyKinds(this.#context, this.#ended.signal))
      await keeper.ready
      const begin = (lease: Lease): void => this.#begin(lease, { guard, keeper })
      await leaseJobs(this.#context, this.#slots, begin, this.#leasing.signal)
    } catch (error) {
      this.#failure ??= { error }
    }
    // A worker that may not claim jobs, such as one with a revoked token, can still finish the running ones.
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
      // The report is in the spool and the work in its folder: the next start sends both.
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

  /** Handles a bug: the worker ends, and with it the leases of all its attempts. */
  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return
    this.#failure ??= { error }
    this.#leasing.abort()
    this.#stopAll({ kind: 'lease-lost' })
  }
}
