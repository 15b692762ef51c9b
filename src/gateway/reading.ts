/** What one answer says of its own size. Token counts are disjoint: each token is in one of them. */
export type Reading = {
  readonly model: string | null
  /** Input tokens that were neither read from nor written to the cache. */
  readonly input: number
  readonly cached: number
  readonly cacheWrites: number
  /** Written to a cache that lasts an hour, which costs more. */
  readonly cacheWritesHour: number
  readonly output: number
  /** The answer said its final counts; false when it was cut or never counted. */
  readonly complete: boolean
  /** Billed at the list price, not in a faster or slower tier. */
  readonly listPrice: boolean
}

export const NOTHING_READ: Reading = {
  model: null,
  input: 0,
  cached: 0,
  cacheWrites: 0,
  cacheWritesHour: 0,
  output: 0,
  complete: false,
  listPrice: true,
}
