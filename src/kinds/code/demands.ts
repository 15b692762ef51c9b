import { createHash } from 'node:crypto'
import { agentOffer } from '../../domain/offer.ts'
import type { CodePayload } from './payload.ts'

const LENGTH_MAX = 250

/** What a worker must offer for a job: its agent, and its repository. */
export const demandsOf = ({ agent, repository }: CodePayload): readonly string[] => [
  agentOffer(agent.name),
  repositoryDemand(repository),
]

/** The address in a form without spaces and `*`; one that is too long is named by its SHA-256. */
function repositoryDemand(address: string): string {
  const demand = `repo:${address.replaceAll(/\s/gu, encodeURIComponent).replaceAll('*', '%2A')}`
  if (demand.length <= LENGTH_MAX) return demand
  return `repo:sha256-${createHash('sha256').update(address).digest('hex')}`
}
