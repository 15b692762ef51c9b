// A small world of real programs: a hub, workers, a line between them that can be cut, a remote
// that writes down every push, a receiver of callbacks, and a client that keeps what it was told.
import { randomBytes } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { callbackSecretOf } from '../../src/callbacks/sign.ts'
import { isAppError } from '../../src/domain/errors.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Job } from '../../src/domain/job.ts'
import { isTerminal } from '../../src/domain/state.ts'
import { locateProgram } from '../../src/platform/locate-program.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { type ChaosProxy, startChaosProxy } from '../support/chaos-proxy.ts'
import type { Plan } from '../support/fault-probe.ts'
import { makeRemote } from '../support/repository.ts'
import { type GitServer, serveGit } from '../support/serve-git.ts'
import { serveSink, type Sink } from '../support/serve-sink.ts'
import { check } from './checker.ts'
import type { Asked, Facts, Verdict } from './evidence.ts'
import { fromHub, fromRemote, fromSink, leftInLedger, leftOnMachine } from './facts.ts'
import { askedOf, type Order, sha256, submissionOf } from './order.ts'
import { Kept } from './programs.ts'
import { leftInStore, lostFromStore } from './store.ts'
import type { ProbeLabel } from './places.ts'

export const LEASE_MS = 3000
/** Longest wait for all jobs to end, and for all to be quiet afterwards. */
const END_MS = 90_000
const QUIET_MS = 45_000
const TRY_MS = 10_000
/** Between two looks at what is waited for. */
const LOOK_MS = 80
/** For every hub that shares the ledger, so that all sign alike. */
const SECRET = callbackSecretOf(randomBytes(32))
const PATH = process.env['PATH'] ?? ''

export type WorldOptions = {
  /** Empty; everything lies there afterwards, to be looked at. */
  readonly folder: string
  /** Address of an empty PostgreSQL schema, or null for SQLite. */
  readonly database: string | null
  /** What models say, in a file; without one workers have no models. */
  readonly replay?: string | undefined
  readonly random?: () => number
  readonly onHit?: (label: ProbeLabel) => void
  readonly onFault?: (kept: Kept) => void
}

export class World {
  readonly #options: WorldOptions
  /** Where the remote lies, and how workers get there: over HTTP, so that no push dies with its worker. */
  readonly #remote: string
  readonly #git: GitServer
  readonly proxy: ChaosProxy
  readonly #sink: Sink
  readonly #kept = new Map<string, Kept>()
  readonly #asked: Asked[] = []
  /** Digests of uploads that no job is to name. */
  readonly #unnamed: string[] = []
  /** Uploads, in words, that were taken and not there a moment later. */
  readonly #forgotten: string[] = []
  #tokens = { admin: '', worker: '' }

  private constructor(
    options: WorldOptions,
    { remote, git, proxy, sink }: { remote: string; git: GitServer; proxy: ChaosProxy; sink: Sink },
  ) {
    this.#options = options
    this.#remote = remote
    this.#git = git
    this.proxy = proxy
    this.#sink = sink
  }

  static async make(options: WorldOptions): Promise<World> {
    const remote = await makeWatchedRemote(options.folder)
    const git = await serveGit(dirname(remote))
    const proxy = await startChaosProxy(options.random)
    return new World(options, { remote, git, proxy, sink: await serveSink() })
  }

  /** Keeps a hub running; resolves when it works, or in its second life when its first ends early. */
  async startHub({ plans = [], keepFree }: Start = {}): Promise<Kept> {
    const { database } = this.#options
    const hub = {
      port: 0,
      callbackAllow: [`127.0.0.1:${this.#sink.port}`],
      callbackSecret: SECRET,
      // Time alone makes nothing go away but logs that stand elsewhere too.
      keepJobs: 0,
      keepLogs: 1,
      ...(keepFree === undefined ? {} : { keepFree }),
      ...(database === null ? {} : { database, store: this.store }),
    }
    const kept = this.#keep('hub', 'hub', { plans, hub })
    await kept.ready()
    const token = async (name: string) =>
      (await readFile(join(this.hubFolder, `${name}.token`), 'utf8')).trim()
    this.#tokens = { admin: await token('admin'), worker: await token('worker') }
    return kept
  }

  /** Keeps a worker running. */
  startWorker(name: string, start: Start = {}): Kept {
    return this.#keep('worker', name, start)
  }

  get hubFolder(): string {
    return join(this.#options.folder, 'hub')
  }

  /** Where the hub keeps artifacts and logs. */
  get store(): string {
    const { database, folder } = this.#options
    return database === null ? this.hubFolder : join(folder, 'store')
  }

  get workers(): readonly string[] {
    return [...this.#kept.keys()].filter((name) => name !== 'hub')
  }

  program(name: string): Kept {
    const kept = this.#kept.get(name)
    if (kept === undefined) throw new Error(`there is no program ${name}`)
    return kept
  }

  get crashes(): number {
    return [...this.#kept.values()].reduce((sum, { crashes }) => sum + crashes, 0)
  }

  /** What the client asked for and was told. */
  get asked(): readonly Asked[] {
    return this.#asked
  }

  client(): HubClient {
    return new HubClient({ url: this.proxy.url, token: this.#tokens.admin })
  }

  /** Submits until it is acknowledged, always with the same key. */
  async submit(order: Order): Promise<JobId> {
    const asked = askedOf(order, Date.now())
    const place = this.#asked.push(asked) - 1
    const repository = `${this.#git.url}/${basename(this.#remote)}`
    const body = submissionOf(order, { repository, sink: this.#sink.url }, asked)
    const { input } = order
    if (input !== undefined) await this.#upload(input)
    const submitJob = () =>
      this.patiently((client, signal) => client.call('submitJob', { body }, signal))
    const { id } = await submitJob().catch(async (error: unknown) => {
      if (!isAppError(error, 'input-missing') || input === undefined) throw error
      this.#forgotten.push(`the input of ${order.title} was taken, and is not there`)
      await this.#upload(input)
      return await submitJob()
    })
    this.#asked[place] = { ...asked, acknowledged: id }
    return id
  }

  /** Uploads what no job is ever going to name. */
  async uploadForNobody(bytes: Buffer): Promise<void> {
    this.#unnamed.push(sha256(bytes))
    await this.#upload(bytes)
  }

  async #upload(body: Buffer): Promise<void> {
    const params = { digest: sha256(body) }
    await this.patiently((client, signal) => client.call('putBlob', { params, body }, signal))
  }

  /** Moves a job's hold to so many milliseconds from now, as its submitter. Throws `job-terminal`. */
  async extendHold(job: JobId, ms: number): Promise<void> {
    const place = this.#asked.findIndex(({ acknowledged }) => acknowledged === job)
    const asked = this.#asked[place]
    if (asked === undefined) throw new Error(`nobody submitted ${job}`)
    const askedAt = Date.now()
    const until = askedAt + ms
    this.#asked[place] = { ...asked, hold: [...asked.hold, { until, askedAt }] }
    await this.patiently((client, signal) =>
      client.call('extendHold', { params: { job }, body: { until } }, signal),
    )
  }

  job(id: JobId): Promise<Job> {
    return this.patiently((client, signal) =>
      client.call('getJob', { params: { job: id } }, signal),
    )
  }

  /** Waits until a job is as wanted, for at most so long; answers how it is then. */
  async until(id: JobId, wanted: (job: Job) => boolean, ms = END_MS): Promise<Job> {
    const until = performance.now() + ms
    for (;;) {
      const job = await this.job(id)
      if (wanted(job) || performance.now() > until) return job
      await pause(LOOK_MS)
    }
  }

  /** Waits until all that was asked for has ended, for a bounded time. */
  async untilEnded(): Promise<void> {
    for (const { acknowledged } of this.#asked) {
      if (acknowledged !== null) await this.until(acknowledged, ({ state }) => isTerminal(state))
    }
  }

  /** Calls until there is an answer: hub and database come and go here. */
  async patiently<Value>(
    call: (client: HubClient, signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    for (;;) {
      const late = AbortSignal.timeout(TRY_MS)
      try {
        return await call(this.client(), late)
      } catch (error) {
        if (!late.aborted && (!isAppError(error) || !error.retryable)) throw error
        await pause(50)
      }
    }
  }

  /** Lets everything come to rest, ends all programs, and judges. */
  async judge(): Promise<Verdict & { readonly facts: Facts }> {
    this.proxy.poison(null)
    await this.#untilTold()
    const hub = await this.patiently((client) => fromHub(client))
    const left = [...(await this.#leftAfterAll(hub.jobs))]
    await this.close()
    const { database, folder } = this.#options
    left.push(
      ...(await leftInLedger(this.hubFolder, database)),
      ...(await leftInStore(this.store, this.#unnamed)),
    )
    const unreadable = [...hub.unreadable, ...this.#forgotten, ...(await this.#lostInputs(hub))]
    const remote = await fromRemote(this.#remote, join(folder, 'pushes'))
    const told = fromSink(this.#sink.received)
    const facts = { asked: this.#asked, ...hub, ...remote, ...told, unreadable, left }
    // Beside the logs, for whoever looks at what went wrong.
    const written = JSON.stringify(
      facts,
      (_, value) => (value instanceof Map ? [...value] : value),
      2,
    )
    await writeFile(join(folder, 'facts.json'), written)
    return { ...check(facts), facts }
  }

  #lostInputs({ inputs }: Pick<Facts, 'inputs'>): Promise<readonly string[]> {
    const named = [...inputs.values()].flat().map(({ digest }) => digest)
    return lostFromStore(this.store, new Set(named))
  }

  /** Ends all programs as a power cut would. */
  async close(): Promise<void> {
    for (const kept of this.#kept.values()) await kept.stop()
    await this.proxy[Symbol.asyncDispose]()
    await this.#git.close()
    await this.#sink[Symbol.asyncDispose]()
  }

  /** Waits until no callback is on its way, for a bounded time. */
  async #untilTold(): Promise<void> {
    const until = performance.now() + QUIET_MS
    while (performance.now() < until) {
      const { deliveries } = await this.patiently((client, signal) =>
        client.call('listDeliveries', { query: { state: ['pending'], limit: 1 } }, signal),
      )
      if (deliveries.length === 0) return
      await pause(2 * LOOK_MS)
    }
  }

  async #leftAfterAll(jobs: readonly Job[]): Promise<readonly string[]> {
    const folders = this.workers.map((name) => join(this.#options.folder, name, 'worker'))
    const until = performance.now() + QUIET_MS
    for (;;) {
      const left = await leftOnMachine(folders, jobs)
      if (left.length === 0 || performance.now() > until) return left
      await pause(2 * LOOK_MS)
    }
  }

  #keep(program: 'hub' | 'worker', name: string, start: Start & { readonly hub?: object }): Kept {
    const { folder, replay, onHit = () => {}, onFault = () => {} } = this.#options
    const { plans = [], slots = 1, drainMs = 0, leaseMs = LEASE_MS, hub = {} } = start
    const sandbox = locateProgram('bwrap', PATH) === null ? 'none' : 'required'
    const worker = { name, sandbox, leaseMs, slots, drainMs, replay } as const
    const way = { url: this.proxy.url, token: this.#tokens.worker }
    const kept = new Kept({
      program,
      settings: { folder: join(folder, name), hub, worker, way },
      plans,
      log: join(folder, `${name}.log`),
      onReady: (url) => {
        if (program === 'hub') this.proxy.aim(Number(new URL(url).port))
      },
      onHit,
      onFault,
    })
    this.#kept.set(name, kept)
    return kept
  }
}

type Start = {
  /** A fault for each of its lives, the first one first. */
  readonly plans?: readonly (Plan | null)[]
  /** Bytes of disk below which the hub takes no new work. */
  readonly keepFree?: number
  readonly slots?: number
  readonly drainMs?: number
  readonly leaseMs?: number
}

/** A bare repository that writes down every push and when it came. */
async function makeWatchedRemote(folder: string): Promise<string> {
  const { remote } = await makeRemote(join(folder, 'git'))
  const hook = join(remote, 'hooks', 'post-receive')
  const line = `echo "$ref $new $(date +%s%3N)" >> '${folder}/pushes'`
  await writeFile(hook, `#!/bin/sh\nwhile read old new ref; do ${line}; done\n`)
  await chmod(hook, 0o755)
  return remote
}
