/**
 * Maximum number of jobs per transaction. It is small, so that other transactions do not wait long.
 */
const BATCH = 100
/**
 * Maximum number of transactions per call of `untilDone`, so that each call ends. The next run of
 * the loop does the rest.
 */
const BATCHES_MAX = 50

/**
 * Calls `work` with a batch limit until a batch changes no job, or `BATCHES_MAX` is reached.
 * Returns how many jobs changed in total. Does not stop when a batch changes fewer jobs than its
 * limit, because a PostgreSQL transaction ends early if it needs too many advisory locks.
 */
export async function untilDone(work: (limit: number) => Promise<number>): Promise<number> {
  let total = 0
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const changed = await work(BATCH)
    total += changed
    if (changed === 0) break
  }
  return total
}
