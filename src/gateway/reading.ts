/** Token counts of one response. Each token is in exactly one of the counts. */
export type Reading = {
  readonly model: string | null
  /** Input tokens that were neither read from nor written to the cache. */
  readonly input: number
  readonly cached: number
  readonly cacheWrites: number
  /**
   * Input tokens whose cache entry lives for one hour, which costs more than the default lifetime.
   */
  readonly cacheWritesHour: number
  readonly output: number
  /**
   * True if the response reported its final counts. False if it was cut off or reports no counts.
   */
  readonly complete: boolean
  /**
   * True if the response is billed at the list price. False if it is billed at the price of a
   * faster or slower tier.
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
