// Offers of workers, and how they match the demands of jobs.

/** Returns what a job demands and a worker offers for an agent: `agent:` and the agent's name. */
export const agentOffer = (agent: string): string => `agent:${agent}`

/** The providers whose model APIs Millwright supports. */
export type Provider = 'anthropic' | 'openai'

/**
 * Returns what a job demands and a worker offers for a model: `model:` and its provider
 * (`anthropic` or `openai`), or `model:default` for the worker's default model.
 */
export const modelOffer = (model: string): string => `model:${model}`

/** The offer of a worker that runs jobs for any model. */
export const ANY_MODEL = 'model:*'

/** Returns what a job demands and a worker offers for an operating system, such as `os:linux`. */
export const osOffer = (os: string): string => `os:${os}`

/** The offer of a worker that accepts any repository on another machine. */
export const ANY_REPOSITORY = 'repo:*'

/** The demand of a job whose repository is a folder on the worker's machine. */
export const LOCAL_REPOSITORY = 'local:repository'

/**
 * Whether an offer meets a demand. An offer that ends with `*` meets every demand that begins with the
 * text before the `*`; any other offer meets only a demand that is equal to it.
 */
export const matches = (demand: string, offer: string): boolean =>
  offer.endsWith('*') ? demand.startsWith(offer.slice(0, -1)) : demand === offer

/** Whether one of the offers meets a demand. */
export const meets = (demand: string, offers: readonly string[]): boolean =>
  offers.some((offer) => matches(demand, offer))

/**
 * Whether a label names a property of the worker's machine, such as `os:linux`. A worker meets such
 * a label with one of its offers; its own labels do not count.
 */
export const isMachineLabel = (label: string): boolean => label.includes(':')
