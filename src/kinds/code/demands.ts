import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Agent } from '../../agents/agent.ts'
import { AGENTS } from '../../agents/all.ts'
import { type Hint, hint } from '../../domain/hint.ts'
import type { UnmetDemand } from '../../domain/lack.ts'
import { agentOffer, LOCAL_REPOSITORY, meets, modelOffer } from '../../domain/offer.ts'
import type { CodePayload } from './payload.ts'

const LENGTH_MAX = 250
const SCP_STYLE = /^([\w.-]+@[\w.-]+):(.+)$/

/** What a job demands of its worker: its agent, access to its repository, and its model. */
export const demandsOf = ({ agent, repository }: CodePayload): readonly string[] => [
  agentOffer(agent.name),
  repositoryDemand(repository),
  ...modelDemand(agent),
  ...(isLocal(repository) ? [LOCAL_REPOSITORY] : []),
]

function modelDemand(choice: CodePayload['agent']): readonly string[] {
  const server = AGENTS.find(({ name }) => name === choice.name)?.serverOf(choice) ?? null
  return server === null ? [] : [modelOffer(server)]
}

const isLocal = (address: string): boolean => /^(?:\/|file:)/i.test(address)

/**
 * How to report a demand that no worker meets; null if the demand itself is clear enough to show.
 * @param offered what the connected workers offer
 */
export function lackOf(demand: string, offered: readonly string[]): UnmetDemand | null {
  if (demand === LOCAL_REPOSITORY) {
    const noun = 'local repositories'
    const cure = hint('restart a worker with --allow-local, for example', ['up', '--allow-local'])
    return { noun, what: `no worker accepts ${noun}`, cure }
  }
  const agent = AGENTS.find(({ name }) => agentOffer(name) === demand)
  if (agent !== undefined) {
    const noun = `the agent ${agent.name}`
    return { noun, what: `no worker offers ${noun}`, cure: cureFor(agent, offered) }
  }
  const model = MODELS.find(({ name }) => modelOffer(name) === demand)
  if (model === undefined) return null
  const { noun, settings } = model
  return { noun, what: `no worker has ${noun}`, cure: hint(`restart a worker with ${settings}`) }
}

/**
 * The hint that says how to get a worker that offers the agent. Mentions a model only if the agent
 * needs one that no worker has.
 */
function cureFor({ getIt, needsModel }: Agent, offered: readonly string[]): Hint {
  const needed = needsModel === 'any' ? 'default' : needsModel
  const model = MODELS.find(({ name }) => name === needed && !meets(modelOffer(name), offered))
  const restart = `restart a worker${model === undefined ? '' : ` with ${model.settings}`}`
  return hint(getIt === null ? restart : `${getIt}, and ${restart}`)
}

/** The models that a job may demand, and the settings that give a worker such a model. */
const MODELS = [
  {
    name: 'default',
    noun: 'a model',
    settings: 'ANTHROPIC_API_KEY, OPENAI_API_KEY, --upstream-anthropic or --upstream-openai',
  },
  {
    name: 'anthropic',
    noun: 'an Anthropic model',
    settings: 'ANTHROPIC_API_KEY or --upstream-anthropic',
  },
  { name: 'openai', noun: 'an OpenAI model', settings: 'OPENAI_API_KEY or --upstream-openai' },
] as const

/**
 * The demand for a repository: `repo:` and its normalized URL, with spaces and `*` percent-encoded.
 * A restriction of a token, such as `repo:https://host/team/*`, is compared only with the beginning
 * of the URL. This restriction would match `https://host/team/..%2Fother`, which a server may read
 * as `https://host/other`. So if the normalized URL still contains `..`, or is too long, the demand
 * contains the URL's SHA-256 instead, which matches no restriction by URL.
 */
function repositoryDemand(address: string): string {
  const plain = plainAddress(address)
  const demand = `repo:${plain.replaceAll(/\s/gu, encodeURIComponent).replaceAll('*', '%2A')}`
  if (demand.length <= LENGTH_MAX && !climbs(plain)) return demand
  return `repo:sha256-${createHash('sha256').update(address).digest('hex')}`
}

/** Normalizes the path. Removes the user name from a URL, and converts its host to lower case. */
function plainAddress(address: string): string {
  if (address.startsWith('/')) return posix.normalize(address)
  const [, account, path] = SCP_STYLE.exec(address) ?? []
  const url = account === undefined ? URL.parse(address) : null
  if (url === null) return path === undefined ? address : `${account}:${posix.normalize(path)}`
  url.username = ''
  url.host = url.host.toLowerCase()
  url.pathname = url.pathname.replaceAll(/\/{2,}/g, '/')
  return url.href
}

/** Whether a server could read `..` in the path, either plain or percent-encoded. */
const climbs = (address: string): boolean =>
  address
    .replaceAll(/%2e/gi, '.')
    .split(/[/\\:]|%2f|%5c/i)
    .includes('..')
