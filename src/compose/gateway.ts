import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { UpConfig } from '../config/settings.ts'
import type { Fence } from '../domain/lease.ts'
import type { Provider } from '../domain/offer.ts'
import { type ProxySettings, proxyVariables } from '../domain/proxy.ts'
import type { Secret } from '../domain/secret.ts'
import { startGateway } from '../gateway/gateway.ts'
import { GatewaySettings } from '../gateway/settings.ts'
import type { Logger } from '../platform/log.ts'
import type { MeteredDoor } from '../worker/context.ts'
import { accountsOf, meteredDoor } from './accounts.ts'

const ANTHROPIC = 'https://api.anthropic.com'
const OPENAI = 'https://api.openai.com'

type ModelConfig = Pick<
  UpConfig,
  | 'replay'
  | 'record'
  | 'upstreamAnthropic'
  | 'upstreamOpenai'
  | 'anthropicKey'
  | 'openaiKey'
  | keyof ProxySettings
>

/** A running gateway that gives attempts access to models. */
export type OpenGateway = AsyncDisposable & {
  /** Text for people: the URL of each model endpoint, or that responses are replayed. */
  readonly models: readonly string[]
  /** Keys of the accounts that the worker uses. */
  readonly accounts: readonly string[]
  /** The providers whose APIs the gateway offers to attempts. */
  readonly providers: readonly Provider[]
  readonly openDoor: (fence: Fence) => Promise<MeteredDoor>
}

type GatewayTools = {
  readonly cwd: string
  readonly log: Logger
  /** The worker's own folder. */
  readonly folder: string
  /** The model of jobs that name none. */
  readonly model: string
}

/**
 * Starts the gateway if a replay file, an endpoint or a key is set. If only a key is set, uses the
 * vendor's own endpoint. Returns null if none of them is set, which means that this worker has no
 * model.
 */
export async function openGateway(
  config: ModelConfig,
  { cwd, log, folder, model }: GatewayTools,
): Promise<OpenGateway | null> {
  const models = modelsBehind(config)
  if (models.length === 0) return null
  const settings = GatewaySettings.parse({
    upstreams: {
      anthropic: upstream(config.upstreamAnthropic, config.anthropicKey, ANTHROPIC),
      openai: upstream(config.upstreamOpenai, config.openaiKey, OPENAI),
    },
    proxy: proxyVariables(config),
    replay: config.replay === undefined ? null : resolve(cwd, config.replay),
    record: config.record === undefined ? null : resolve(cwd, config.record),
    hosts: join(folder, 'hosts'),
  })
  const accounts = accountsOf(settings, { model, machine: hostname() })
  const gateway = await startGateway(settings, log)
  return {
    models,
    accounts: [...new Set(Object.values(accounts).map(({ key }) => key))],
    providers: providersOf(config),
    openDoor: (fence) => meteredDoor(gateway, fence, accounts),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

/** The model that the built-in agent uses if neither the job nor a setting names one. */
export const defaultModel = (config: ModelConfig): string =>
  hasOpenai(config) && !hasAnthropic(config) ? 'openai/gpt-5.1' : 'anthropic/claude-sonnet-5'

function modelsBehind(config: ModelConfig): readonly string[] {
  if (config.replay !== undefined)
    return [`none, because responses are replayed from ${config.replay}`]
  return [
    ...(hasAnthropic(config) ? [config.upstreamAnthropic ?? ANTHROPIC] : []),
    ...(hasOpenai(config) ? [config.upstreamOpenai ?? OPENAI] : []),
  ]
}

/** With a replay file, lists both providers, because the file may contain responses of both. */
const providersOf = (config: ModelConfig): readonly Provider[] => [
  ...(hasAnthropic(config) || config.replay !== undefined ? (['anthropic'] as const) : []),
  ...(hasOpenai(config) || config.replay !== undefined ? (['openai'] as const) : []),
]

const hasAnthropic = (config: ModelConfig): boolean =>
  config.upstreamAnthropic !== undefined || config.anthropicKey !== undefined

const hasOpenai = (config: ModelConfig): boolean =>
  config.upstreamOpenai !== undefined || config.openaiKey !== undefined

function upstream(
  baseUrl: string | undefined,
  key: Secret | undefined,
  vendor: string,
): { baseUrl: string; apiKey: string | null } | undefined {
  if (baseUrl === undefined && key === undefined) return undefined
  return { baseUrl: baseUrl ?? vendor, apiKey: key?.reveal() ?? null }
}
