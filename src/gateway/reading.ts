/** Token counts of one response. Each token is in exactly one of the counts. */
export type Reading = {
  readonly model: string | null
  /** Input tokens that were neither read from nor written to the cache. */
  readonly input: number
  readonly cached: number
  readonly cacheWrites: number
  /** Input tokens written to the cache for one hour, at a higher price. */
  readonly cacheWritesHour: number
  readonly output: number
  /**
   * Whether the response reported its final counts; false if it was cut off or reports no counts.
   */
  readonly complete: boolean
  /**
   * Whether the response is billed at the list price, not at the price of a faster or slower tier.
   */
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
