import { createHash } from 'node:crypto'
import type { ModelRefusal } from '../domain/agent.ts'
import type { Fence } from '../domain/lease.ts'
import { isLoopback } from '../domain/loopback.ts'
import { modelOffer } from '../domain/offer.ts'
import type { Resource } from '../domain/resource.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { Provider, type Refusal } from '../gateway/refusal.ts'
import type { GatewaySettings, Upstream } from '../gateway/settings.ts'
import type { MeteredDoor } from '../worker/context.ts'

/** The account that a worker uses at each kind of model server. */
export type Accounts = Readonly<Partial<Record<Provider, Resource>>>

const HASH_CHARACTERS = 8

/**
 * The model accounts that a gateway uses, as resources that can become closed.
 * @param facts.model the model of jobs that name none, such as `anthropic/claude-sonnet-5`
 * @param facts.machine distinguishes model servers on the loopback addresses of several machines
 */
export function accountsOf(
  { upstreams, replay }: Pick<GatewaySettings, 'upstreams' | 'replay'>,
  facts: { readonly model: string; readonly machine: string },
): Accounts {
  const accounts = Provider.options.flatMap((provider) => {
    const upstream = upstreams[provider]
    if (replay === null && upstream === undefined) return []
    const key = upstream === undefined ? `model:replay@${facts.machine}` : keyOf(upstream, facts)
    return [[provider, { key, covers: coveredBy(provider, facts.model) }] as const]
  })
  return Object.fromEntries(accounts)
}

/**
 * The resource key of a model account: the same for all workers that use this upstream URL with
 * this API key. If the URL means the worker's own machine, the key also contains the machine's
 * name.
 */
function keyOf({ baseUrl, apiKey }: Upstream, { machine }: { readonly machine: string }): string {
  const { host, hostname, origin, pathname } = new URL(baseUrl)
  const where = isLoopback(hostname) || host === '' ? `@${machine}` : ''
  const path = pathname.replace(/\/+$/, '')
  const hash =
    apiKey === null
      ? ''
      : `#${createHash('sha256').update(apiKey).digest('hex').slice(0, HASH_CHARACTERS)}`
  return `model:${origin}${path}${where}${hash}`.slice(0, 400)
}

const coveredBy = (provider: Provider, model: string): string[] => [
  modelOffer(provider),
  ...(providerOf(model) === provider ? [modelOffer('default')] : []),
]

/**
 * The kind of server that serves a model. All servers except Anthropic's use OpenAI's protocols.
 */
const providerOf = (model: string): Provider =>
  model.startsWith('anthropic/') ? 'anthropic' : 'openai'

/** Opens an attempt's access to models through the gateway. */
export async function meteredDoor(
  gateway: Gateway,
  fence: Fence,
  accounts: Accounts,
): Promise<MeteredDoor> {
  const door = await gateway.open(fence)
  return {
    door,
    usage: () => gateway.usage(door.token),
    answered: async () =>
      (await gateway.answered(door.token)).flatMap((provider) => accounts[provider]?.key ?? []),
    refusal: async () => refusalAt(accounts, await gateway.refusal(door.token)),
    close: () => gateway.close(door.token),
  }
}

function refusalAt(accounts: Accounts, refusal: Refusal | null): ModelRefusal | null {
  if (refusal === null) return null
  if (refusal.kind === 'refused') return { kind: 'refused', status: refusal.status }
  const closed = accounts[refusal.provider]
  if (closed === undefined) return null
  return refusal.kind === 'unavailable'
    ? { kind: 'unavailable', closed }
    : { kind: 'quota', until: refusal.until, closed }
}
