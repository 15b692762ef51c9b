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

/** How long a worker that must stop at once may still speak with the hub, in milliseconds. */
const LAST_WORDS_MS = 2000

/** Those that go on when the worker itself is too busy, or dead. */
type Helpers = { readonly keeper: LeaseKeeper; readonly guard: Guard }

/**
 * Starts a worker: first it ends what its last run left behind, then it leases jobs until it is
 * drained or stopped.
 */
export const startWorker = (context: WorkerContext): Worker => new Worker(context)

/** A running worker. */
export class Worker {
  readonly #context: WorkerContext
  readonly #slots: Slots
  /** How to stop each running attempt, by its name. */
  readonly #attempts = new Map<string, StopOrder>()
  /** Work that no job waits for: old reports, salvage. Left for the next start when time is up. */
  readonly #chores = new Set<Promise<void>>()
  /** Aborted one after the other: no new job, no more words for a running one, nothing at all. */
  readonly #leasing = new AbortController()
  readonly #leaving = new AbortController()
  readonly #ended = new AbortController()
  #failure: { readonly error: unknown } | null = null
  /** Resolves when the worker has ended; rejects with what it cannot go on with. */
  readonly done: Promise<void>

  constructor(context: WorkerContext) {
    this.#context = context
    this.#slots = new Slots(context.identity.slots)
    this.done = this.#run()
    // Whoever stops the worker hears of its failure there; nobody else needs to listen.
    this.done.catch(() => {})
  }

  /** Number of attempts that run now. */
  get running(): number {
    return this.#slots.running
  }

  /** Takes no new job; resolves when those running have ended, or were handed back after drainMs. */
  async drain(): Promise<void> {
    this.#leasing.abort()
    const { clock, drainMs } = this.#context
    const late = clock.sleep(drainMs, this.#ended.signal)
    void late.then(() => this.#stopAll({ kind: 'drained' }))
    await this.done
  }

  /** Ends everything at once, and hands the jobs back if the hub answers within two seconds. */
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
    // Without a right to lease more, what runs may still end well.
    await this.#slots.empty()
    this.#ended.abort(new Stopped({ kind: 'drained' }))
    await Promise.all(this.#chores)
    if (this.#failure !== null) throw this.#failure.error
  }

  async #leave(): Promise<void> {
    await this.#context.clock.sleep(LAST_WORDS_MS, this.#ended.signal)
    this.#leaving.abort(new Stopped({ kind: 'drained' }))
    this.#stopAll({ kind: 'lease-lost' })
  }

  #begin(lease: Lease, helpers: Helpers): void {
    const fence = fenceOf(lease)
    this.#context.log.info(fence, 'job leased')
    const lifeline = new Lifeline(this.#context.clock, lease.leaseMs)
    const stopOrder = new StopOrder(() => lifeline.lapsed())
    // The answer may have crossed the order to take no more.
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
      // The report is in the spool, the work in its folder: the next start sees to both.
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

  /** A bug: the worker ends, and with it the leases of all its attempts. */
  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return
    this.#failure ??= { error }
    this.#leasing.abort()
    this.#stopAll({ kind: 'lease-lost' })
  }
}
