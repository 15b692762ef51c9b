import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { Agent } from '../agents/agent.ts'
import { agentDrivers, fitAgents } from '../agents/all.ts'
import type { Environment } from '../config/read.ts'
import type { UpConfig, WorkerConfig } from '../config/settings.ts'
import type { WorkKind } from '../domain/attempt.ts'
import { AppError } from '../domain/errors.ts'
import type { Launch } from '../domain/launch.ts'
import { modelOffer, osOffer, type Provider } from '../domain/offer.ts'
import { plural } from '../domain/plural.ts'
import { proxyForAgents, type ProxyVariables, proxyVariables } from '../domain/proxy.ts'
import { noProbe, type Probe } from '../domain/probe.ts'
import { KINDS } from '../kinds/all.ts'
import type { KindTools } from '../kinds/kind.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { lockDataFolder } from '../platform/lock-data-folder.ts'
import type { Logger } from '../platform/log.ts'
import { versionOf } from '../platform/version-of.ts'
import type { HubClient } from '../protocol/client.ts'
import { workerIdentity } from '../worker/identity.ts'
import { startWorker, type Worker } from '../worker/worker.ts'
import { openGateway, defaultModel } from './gateway.ts'
import { gitSettings, secretsOfGit, signatureOf, writeGitConfig } from './git.ts'
import { chooseSandbox } from './sandbox.ts'
import { whileFolderLasts } from './watch-folder.ts'

/** A running worker. Disposing stops it immediately; drain it first to let jobs finish. */
export type OpenWorker = AsyncDisposable &
  Pick<Worker, 'drain' | 'stop' | 'done' | 'running' | 'known'> & {
    /** One line for people that lists the sandbox, slots, agents and models. */
    readonly about: string
    /** The agents that can run on this machine, the most capable first. */
    readonly agents: readonly Agent[]
  }

/** What a worker needs besides its settings. */
export type WorkerTools = {
  /**
   * A client whose token has the scope `worker`. It is awaited last, so that the hub can open in
   * parallel.
   */
  readonly hub: HubClient | Promise<HubClient>
  /** The data folder, which contains the worker's own folder. */
  readonly folder: string
  readonly version: string
  readonly log: Logger
  readonly env: Environment
  readonly cwd: string
  readonly clock?: Clock
  readonly probe?: Probe
}

type Config = Pick<WorkerConfig, keyof WorkerConfig & keyof UpConfig> &
  Partial<Pick<WorkerConfig, 'tokenFile'>>

/**
 * Starts a worker. Throws `sandbox-missing`, `data-dir-busy` if another worker uses the folder,
 * `program-unstartable` if git does not work, `script-invalid` if the replay file is invalid, and
 * `usage-invalid` if a credential is missing.
 */
export async function openWorker(config: Config, tools: WorkerTools): Promise<OpenWorker> {
  const { version, log, env, cwd, clock = systemClock, probe = noProbe } = tools
  const random = randomBytes
  const path = env['PATH'] ?? ''
  const folder = join(tools.folder, 'worker')
  await using opening = new AsyncDisposableStack()
  opening.use(lockDataFolder(folder))
  const tokenFile = config.tokenFile === undefined ? [] : [resolve(cwd, config.tokenFile)]
  const hidden = [tools.folder, ...tokenFile, ...secretsOfGit(config, { env, cwd })]
  const confinement = await chooseSandbox(config.sandbox, { hidden, path, log })
  await demandGit(path)
  const model = config.model ?? defaultModel(config)
  const gateway = opening.use(await openGateway(config, { cwd, log, folder, model }))
  const proxy = proxyForAgents(proxyVariables(config))
  await writeGitConfig(config, folder)
  const git = gitSettings(config, { folder, path, env, cwd, probe })
  const signature = signatureOf(config, { env, cwd })
  const drivers = await agentDrivers({ path, model, node: process.execPath })
  const { cacheBytes } = config
  const kinds = await kindsFor({ path, git, signature, drivers, cacheBytes, clock: systemClock })
  const providers = gateway?.providers ?? []
  const agents = await fitAgents({ path }, providers)
  const facts = {
    name: config.name ?? hostname(),
    version,
    slots: config.slots,
    kinds: [...kinds.keys()],
    labels: config.label,
    offers: offersOf({ agents, providers, localRepositories: config.allowLocal }),
    accounts: [...(gateway?.accounts ?? [])],
    sandbox: confinement.sandbox,
  }
  const worker = startWorker({
    hub: await tools.hub,
    identity: await workerIdentity(folder, facts, { clock, random }),
    folder,
    kinds,
    launchFor: (marker) => probed(proxied(confinement.launchFor(marker), proxy), probe),
    openDoor: gateway?.openDoor ?? null,
    clock,
    random,
    log,
    probe,
    leaseMs: config.leaseMs,
    drainMs: config.drainMs,
  })
  opening.defer(() => worker.stop())
  const done = whileFolderLasts(folder, worker.done, clock)
  done.catch(() => {})
  const open = opening.move()
  return {
    get running() {
      return worker.running
    },
    drain: () => worker.drain(),
    stop: () => worker.stop(),
    done,
    known: worker.known,
    agents,
    about: [
      confinement.sandbox === 'none' ? 'NO SANDBOX: agents are not confined' : 'sandbox bubblewrap',
      plural(config.slots, 'slot'),
      `agents: ${agents.map(({ name }) => name).join(', ')}`,
      `models: ${gateway?.models.join(', ') ?? NO_MODELS}`,
    ].join(' · '),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/**
 * Passes the proxy's variables to programs in the sandbox, which may need the proxy to install
 * packages. The sandbox shares the machine's network.
 */
const proxied =
  (launch: Launch, proxy: ProxyVariables): Launch =>
  async (command) =>
    await launch({ ...command, env: { ...proxy, ...command.env } })

/** Throws `program-unstartable` if git is missing: every job of the default kind would fail. */
async function demandGit(path: string): Promise<void> {
  if ((await versionOf('git', path)) !== null) return
  throw new AppError(
    'program-unstartable',
    `cannot start git: git is missing or fails; PATH is ${path === '' ? 'empty' : path}`,
  )
}

function offersOf({
  agents,
  providers,
  localRepositories,
}: {
  readonly agents: readonly Agent[]
  readonly providers: readonly Provider[]
  readonly localRepositories: boolean
}): string[] {
  const here = { agents: agents.map(({ name }) => name), localRepositories }
  // A worker that has any model also has a default model, for jobs that name no model.
  const models = providers.length === 0 ? [] : [...providers, 'default']
  return [
    ...KINDS.flatMap((kind) => kind.offers(here)),
    ...models.map(modelOffer),
    osOffer(process.platform),
  ]
}

/** Calls the probe before and after each program is started. */
const probed =
  (launch: Launch, probe: Probe): Launch =>
  async (command) => {
    await probe('launching')
    const child = await launch(command)
    await probe('launched')
    return child
  }

/** Sets up the code that runs each kind of job, and returns it by the name of the kind. */
async function kindsFor(tools: KindTools): Promise<ReadonlyMap<string, WorkKind>> {
  const works = KINDS.map(async (kind) => [kind.schema.name, await kind.work(tools)] as const)
  return new Map(await Promise.all(works))
}

const NO_MODELS =
  'none (set ANTHROPIC_API_KEY, OPENAI_API_KEY, --upstream-anthropic or --upstream-openai)'
