// Offers of workers, and how they match the demands of jobs.

/** Returns the text that a job demands and a worker offers for an agent: `agent:` and its name. */
export const agentOffer = (agent: string): string => `agent:${agent}`

/**
 * Returns the demand of a job for a model: `model:` and the kind of its server (`anthropic`,
 * `openai`), or `default` for the worker's default model.
 */
export const modelOffer = (model: string): string => `model:${model}`

/** The offer of a worker that runs jobs for any model. */
export const ANY_MODEL = 'model:*'

/** The offer of a worker that accepts any repository. */
export const ANY_REPOSITORY = 'repo:*'

/**
 * Whether an offer meets a demand. An offer that ends with `*` meets every demand that begins with the
 * text before the `*`; any other offer meets only a demand that is equal to it.
 */
export const matches = (demand: string, offer: string): boolean =>
  offer.endsWith('*') ? demand.startsWith(offer.slice(0, -1)) : demand === offer
