/** Token counts of one answer. They are disjoint: each token is in exactly one count. */
export type Reading = {
  readonly model: string | null
  /** Input tokens that were neither read from nor written to the cache. */
  readonly input: number
  readonly cached: number
  readonly cacheWrites: number
  /** Written to a cache that lasts one hour, at a higher price. */
  readonly cacheWritesHour: number
  readonly output: number
  /** Whether the answer reported its final counts; false when it was cut off or has none. */
  readonly complete: boolean
  /** Whether it is billed at the list price, not in a faster or slower tier. */
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
