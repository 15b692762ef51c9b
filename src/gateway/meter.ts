import type { Usage } from '../domain/outcome.ts'
import { costOf } from './prices.ts'
import type { Reading } from './reading.ts'

const MODELS_MAX = 20
const MODEL_NAME_MAX = 200

/** The usage of a door before its first request. */
export const NOTHING_USED: Usage = {
  requests: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  models: [],
  replayed: false,
}

/**
 * Marks a response as replayed. `costUsd` is the cost that the script states. It is "unknown" if
 * the script states no cost or if the response comes from a recording.
 */
export type Replayed = { readonly costUsd: number | 'unknown' }

/**
 * Adds up one attempt's usage. If the cost of any response is unknown, the total cost is unknown,
 * because a partial sum would mislead.
 */
export class Meter {
  #usage: Usage

  constructor(usage: Usage) {
    this.#usage = usage
  }

  get usage(): Usage {
    return this.#usage
  }

  /** Counts a request when it arrives and returns how many came before it. */
  ask(): number {
    const place = this.#usage.requests
    this.#usage = { ...this.#usage, requests: place + 1 }
    return place
  }

  add(reading: Reading, replayed: Replayed | null): void {
    const { costUsd, models, ...usage } = this.#usage
    const cost = replayed === null ? costOf(reading) : replayed.costUsd
    const input = reading.input + reading.cached + reading.cacheWrites + reading.cacheWritesHour
    this.#usage = {
      requests: usage.requests,
      inputTokens: usage.inputTokens + input,
      cachedInputTokens: usage.cachedInputTokens + reading.cached,
      outputTokens: usage.outputTokens + reading.output,
      costUsd: cost === 'unknown' || costUsd === 'unknown' ? 'unknown' : costUsd + cost,
      models: withModel(models, reading.model),
      replayed: usage.replayed || replayed !== null,
    }
  }
}

function withModel(models: Usage['models'], model: string | null): Usage['models'] {
  const name = model?.slice(0, MODEL_NAME_MAX)
  if (name === undefined || models.includes(name) || models.length >= MODELS_MAX) return models
  return [...models, name]
}
