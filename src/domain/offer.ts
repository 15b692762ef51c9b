// What workers offer, and how it meets what jobs demand beside kind and labels.

/** What a job demands that needs an agent, and a worker offers that can run it. */
export const agentOffer = (agent: string): string => `agent:${agent}`

/** The offer of a worker that works on any repository. */
export const ANY_REPOSITORY = 'repo:*'

/** Whether an offer meets a demand: it is the same, or ends in * and the demand begins with the rest. */
export const matches = (demand: string, offer: string): boolean =>
  offer.endsWith('*') ? demand.startsWith(offer.slice(0, -1)) : demand === offer
