import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { AGENTS } from '../../agents/all.ts'
import { agentOffer, modelOffer } from '../../domain/offer.ts'
import type { CodePayload } from './payload.ts'

const LENGTH_MAX = 250
const SCP_STYLE = /^([\w.-]+@[\w.-]+):(.+)$/

/** What a job demands of its worker: its agent, its repository, and the server of its model. */
export const demandsOf = ({ agent, repository }: CodePayload): readonly string[] => [
  agentOffer(agent.name),
  repositoryDemand(repository),
  ...modelDemand(agent),
]

function modelDemand(choice: CodePayload['agent']): readonly string[] {
  const server = AGENTS.find(({ name }) => name === choice.name)?.serverOf(choice) ?? null
  return server === null ? [] : [modelOffer(server)]
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
