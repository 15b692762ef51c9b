import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { isAppError } from '../domain/errors.ts'
import type { DeliveryTally } from '../keeper/delivery-tally.ts'
import type { Ledger } from '../ledger/port.ts'
import type { ClaimLine } from './desk/claim-line.ts'
import type { DiskFloor } from './limits.ts'

/** The sources of the gauges' values. */
type Measured = {
  readonly ledger: Ledger
  readonly claims: ClaimLine
  readonly deliveries: DeliveryTally
  readonly disk?: DiskFloor
}

const NS_PER_SECOND = 1e9

/**
 * The hub's Prometheus metrics. No label contains a job id, because each id would add a time
 * series.
 */
export class HubMetrics {
  readonly #registry = new Registry()
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 20 })
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #staleWrites: Counter
  readonly #claims: Counter
  readonly #settles: Counter<'outcome'>

  constructor(source: Measured) {
    this.#loopDelay.enable()
    const registers = [this.#registry]
    this.#requests = new Histogram({
      name: 'millwright_http_request_duration_seconds',
      help: 'Time from receiving a request’s headers to the end of the response; includes the wait of a long poll',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    })
    this.#staleWrites = new Counter({
      name: 'millwright_stale_write_rejected_total',
      help: 'Rejected writes from workers whose attempt or job had already ended',
      registers,
    })
    this.#claims = new Counter({
      name: 'millwright_claims_total',
      help: 'Leases given to workers',
      registers,
    })
    this.#settles = new Counter({
      name: 'millwright_attempts_ended_total',
      help: 'Attempts that ended with a worker’s report, by outcome',
      labelNames: ['outcome'],
      registers,
    })
    this.#addGauges(source)
  }

  /** Returns all metrics in the Prometheus text format. */
  async print(): Promise<{ readonly text: string; readonly contentType: string }> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType }
  }

  claimed(): void {
    this.#claims.inc()
  }

  ended(
    outcome:
      | 'succeeded'
      | 'failed'
      | 'cancelled'
      | 'paused'
      | 'deferred'
      | 'handed-back'
      | 'abandoned',
  ): void {
    this.#settles.inc({ outcome })
  }

  /**
   * Counts an error of a worker's request, if the error means that the attempt or the job had
   * already ended.
   */
  refused(error: unknown): void {
    if (isAppError(error, 'lease-lost') || isAppError(error, 'job-terminal'))
      this.#staleWrites.inc()
  }

  answered(request: {
    readonly method: string
    readonly route: string
    readonly status: number
    readonly seconds: number
  }): void {
    const { method, route, status, seconds } = request
    this.#requests.observe({ method, route, status }, seconds)
  }

  close(): void {
    this.#loopDelay.disable()
  }

  #addGauges({ ledger, claims, deliveries, disk }: Measured): void {
    this.#registry.registerMetric(jobsGauge(ledger))
    this.#registry.registerMetric(waitingGauge(claims))
    this.#registry.registerMetric(closedGauge(ledger))
    this.#registry.registerMetric(pendingDeliveriesGauge(ledger))
    this.#registry.registerMetric(deliveriesCounter(deliveries))
    this.#registry.registerMetric(loopDelayGauge(this.#loopDelay))
    this.#registry.registerMetric(memoryGauge())
    if (disk !== undefined) this.#registry.registerMetric(diskGauge(disk))
  }
}

const jobsGauge = (ledger: Ledger) =>
  new Gauge({
    name: 'millwright_jobs',
    help: 'Jobs by kind and state',
    labelNames: ['kind', 'state'],
    registers: [],
    async collect() {
      this.reset()
      for (const { kind, state, jobs } of await ledger.counts()) this.set({ kind, state }, jobs)
    },
  })

const closedGauge = (ledger: Ledger) =>
  new Gauge({
    name: 'millwright_closed_resources',
    help: 'Git hosts and model accounts that are unavailable or refuse requests',
    registers: [],
    async collect() {
      this.set((await ledger.closed()).length)
    },
  })

const pendingDeliveriesGauge = (ledger: Ledger) =>
  new Gauge({
    name: 'millwright_callbacks_pending',
    help: 'Callback messages waiting for their first try or a retry',
    registers: [],
    async collect() {
      this.set(await ledger.pendingDeliveries())
    },
  })

const deliveriesCounter = (deliveries: DeliveryTally) =>
  new Counter({
    name: 'millwright_callback_tries_total',
    help: 'Number of tries to send a callback message, by outcome; pending means that the try failed and a retry follows',
    labelNames: ['outcome'],
    registers: [],
    collect() {
      this.reset()
      for (const [outcome, tries] of Object.entries(deliveries.counts)) this.inc({ outcome }, tries)
    },
  })

const waitingGauge = (claims: ClaimLine) =>
  new Gauge({
    name: 'millwright_waiting_claims',
    help: 'Workers waiting for a job',
    registers: [],
    collect() {
      this.set(claims.waiting)
    },
  })

const loopDelayGauge = (delay: ReturnType<typeof monitorEventLoopDelay>) =>
  new Gauge({
    name: 'millwright_event_loop_delay_p99_seconds',
    help: 'Delay of timers in the event loop, 99th percentile since the last scrape',
    registers: [],
    collect() {
      this.set(delay.percentile(99) / NS_PER_SECOND)
      delay.reset()
    },
  })

const memoryGauge = () =>
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the hub process',
    registers: [],
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })

const diskGauge = (disk: DiskFloor) =>
  new Gauge({
    name: 'millwright_disk_free_bytes',
    help: 'Free bytes on the data folder’s disk',
    registers: [],
    async collect() {
      this.set(await disk.freeBytes())
    },
  })
