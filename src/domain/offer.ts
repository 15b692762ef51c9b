// Offers of workers, and how they match the demands of jobs.

/** The demand of a job that needs an agent, and the offer of a worker that can run it. */
export const agentOffer = (agent: string): string => `agent:${agent}`

/** The offer of a worker that accepts any repository. */
export const ANY_REPOSITORY = 'repo:*'

/** Whether an offer meets a demand: both are equal, or the offer ends with `*` and the demand begins with the rest. */
export const matches = (demand: string, offer: string): boolean =>
  offer.endsWith('*') ? demand.startsWith(offer.slice(0, -1)) : demand === offer
