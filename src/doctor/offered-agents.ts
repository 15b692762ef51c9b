import type { WorkerIdentity } from '../domain/lease.ts'

const AGENT = /^agent:([^:*]+)$/

/** The names of the agents that a worker offers. */
export const offeredAgents = ({ offers }: Pick<WorkerIdentity, 'offers'>): readonly string[] =>
  offers.flatMap((offer) => AGENT.exec(offer)?.[1] ?? [])
