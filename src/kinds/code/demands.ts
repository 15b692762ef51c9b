import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { agentOffer } from '../../domain/offer.ts'
import type { CodePayload } from './payload.ts'

const LENGTH_MAX = 250
const SCP_STYLE = /^([\w.-]+@[\w.-]+):(.+)$/

/** What a worker must offer for a job: its agent, and its repository. */
export const demandsOf = ({ agent, repository }: CodePayload): readonly string[] => [
  agentOffer(agent.name),
  repositoryDemand(repository),
]

/**
 * The address in one spelling, without spaces and `*`. A token that is restricted to addresses
 * compares their beginnings, so no spelling may lead elsewhere: an address that still climbs out of
 * a folder, or that is too long, is named by its SHA-256, which no beginning matches.
 */
function repositoryDemand(address: string): string {
  const plain = plainAddress(address)
  const demand = `repo:${plain.replaceAll(/\s/gu, encodeURIComponent).replaceAll('*', '%2A')}`
  if (demand.length <= LENGTH_MAX && !climbs(plain)) return demand
  return `repo:sha256-${createHash('sha256').update(address).digest('hex')}`
}

/** Without a user's name, detours and capital letters in the host, as far as there is one way to say it. */
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

/** Whether a server could read a step upwards in it, also one written in escapes. */
const climbs = (address: string): boolean =>
  address
    .replaceAll(/%2e/gi, '.')
    .split(/[/\\:]|%2f|%5c/i)
    .includes('..')
