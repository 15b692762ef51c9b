// A small world of real programs: a hub, workers, a line between them that can be cut, a remote
// that writes down every push, a receiver of callbacks, and a client that keeps what it was told.
import { randomBytes } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { callbackSecretOf } from '../../src/callbacks/sign.ts'
import { CallbackEvent } from '../../src/domain/callback.ts'
import { isAppError } from '../../src/domain/errors.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Job } from '../../src/domain/job.ts'
import type { ProbeLabel } from '../../src/domain/probe.ts'
import { isTerminal } from '../../src/domain/state.ts'
import { locateProgram } from '../../src/platform/locate-program.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { type ChaosProxy, startChaosProxy } from '../support/chaos-proxy.ts'
import type { Plan } from '../support/fault-probe.ts'
import { makeRemote } from '../support/repository.ts'
import { type GitServer, serveGit } from '../support/serve-git.ts'
import { serveSink, type Sink } from '../support/serve-sink.ts'
import { type Asked, check, type Facts, type Verdict } from './checker.ts'
import { fromHub, fromRemote, fromSink, leftInLedger, leftOnMachine } from './facts.ts'
import { Kept } from './programs.ts'
import { leftInStore } from './unreferenced.ts'

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

/** The check of a job that asks for no other. */
export const IS_WHOLE = 'grep -q whole work'

/** Where a job goes and what its agent does. */
export type Order = {
  readonly title: string
  /** null: the built-in agent asks the models instead. */
  readonly script: string | null
  /** What is run to see whether the work is whole. */
  readonly check?: string
  readonly locks?: readonly string[]
  readonly ends?: readonly Job['state'][]
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
    const { title, script, check: look = IS_WHOLE, locks = [], ends = ['succeeded'] } = order
    const place = this.#asked.push({ title, acknowledged: null, ends }) - 1
    const body = {
      kind: 'code',
      payload: {
        repository: `${this.#git.url}/${basename(this.#remote)}`,
        prompt: title,
        agent: agentFor(script),
        checks: [{ name: 'whole', run: ['sh', '-c', look] as [string, ...string[]] }],
        publish: { mode: 'branch', branch: title },
      },
      locks: [...locks],
      callbacks: [{ url: this.#sink.url, events: CallbackEvent.options }],
      idempotencyKey: title,
      retry: { maxFailures: 50, delayMs: 100, factor: 1 },
    }
    const job = await this.patiently((client, signal) => client.call('submitJob', { body }, signal))
    this.#asked[place] = { title, acknowledged: job.id, ends }
    return job.id
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
    left.push(...(await leftInLedger(this.hubFolder, database)), ...(await leftInStore(this.store)))
    const remote = await fromRemote(this.#remote, join(folder, 'pushes'))
    const told = fromSink(this.#sink.received)
    const facts = { asked: this.#asked, ...hub, ...remote, ...told, left }
    // Beside the logs, for whoever looks at what went wrong.
    const written = { ...facts, events: [...facts.events], tips: [...facts.tips] }
    await writeFile(join(folder, 'facts.json'), JSON.stringify(written, null, 2))
    return { ...check(facts), facts }
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

const agentFor = (script: string | null) =>
  script === null
    ? { name: 'builtin' as const }
    : { name: 'command' as const, run: ['sh', '-c', script] satisfies [string, ...string[]] }

/** A bare repository that writes down every push and when it came. */
async function makeWatchedRemote(folder: string): Promise<string> {
  const { remote } = await makeRemote(join(folder, 'git'))
  const hook = join(remote, 'hooks', 'post-receive')
  const line = `echo "$ref $new $(date +%s%3N)" >> '${folder}/pushes'`
  await writeFile(hook, `#!/bin/sh\nwhile read old new ref; do ${line}; done\n`)
  await chmod(hook, 0o755)
  return remote
}
