import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { AGENTS } from '../../agents/all.ts'
import { hint } from '../../domain/hint.ts'
import type { Lack } from '../../domain/lack.ts'
import { agentOffer, LOCAL_REPOSITORY, modelOffer } from '../../domain/offer.ts'
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
 * The message for a demand that no worker meets; null if the demand itself is clear enough to show.
 */
export function lackOf(demand: string): Lack | null {
  if (demand === LOCAL_REPOSITORY) {
    const cure = hint('start one with', ['up', '--allow-local'])
    return { what: 'no worker accepts local repositories', cure }
  }
  const agent = AGENTS.find(({ name }) => agentOffer(name) === demand)
  if (agent !== undefined) {
    return { what: `no worker offers the agent ${agent.name}`, cure: hint(agent.getIt) }
  }
  return MODEL_LACKS[demand] ?? null
}

const MODEL_LACKS: Readonly<Record<string, Lack>> = {
  [modelOffer('default')]: {
    what: 'no worker has a model',
    cure: hint('start a worker with ANTHROPIC_API_KEY or OPENAI_API_KEY'),
  },
  [modelOffer('anthropic')]: {
    what: 'no worker has an Anthropic model',
    cure: hint('start a worker with ANTHROPIC_API_KEY or --upstream-anthropic'),
  },
  [modelOffer('openai')]: {
    what: 'no worker has an OpenAI model',
    cure: hint('start a worker with OPENAI_API_KEY or --upstream-openai'),
  },
}

/**
 * The demand for a repository: `repo:` and its normalized URL, with spaces and `*` percent-encoded.
 * A restriction of a token, such as `repo:https://host/team/*`, is compared only with the beginning
 * of the URL. `https://host/team/..%2Fother` would match it, but a server may read this URL as
 * `https://host/other`. So a URL that still contains `..`, or is too long, is replaced by its
 * SHA-256, which matches no restriction by URL.
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
